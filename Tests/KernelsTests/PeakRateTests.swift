import Kernels
import Testing

@Suite("Multiply-adds in registers")
struct PeakRateTests {
    @Test("are all executed and counted", arguments: Kernels.supported)
    func counted(kernels: any KernelSet.Type) {
        let one = kernels.multiplyAddRegisters(rounds: 1)
        let many = kernels.multiplyAddRegisters(rounds: 1000)
        #expect(one.operations > 0)
        #expect(many.operations == 1000 * one.operations)
        // Each chain reaches 2, and a round has two operations for each element of each chain.
        let chains = Int(many.value) / 2
        #expect(many.value == Float(2 * chains) && chains >= 8)
        #expect(one.operations % (2 * chains) == 0)
    }
}
