import Kernels
import TestSupport
import Testing

@Suite("Elementwise kernels")
struct ElementwiseTests {
    @Test("fill values with exact bits", arguments: Kernels.supported)
    func fill(kernels: any KernelSet.Type) {
        for count in 0...70 {
            for value: Float in [0, -0.0, 0.1, 0x1p-149, .infinity, .nan] {
                let values = Guarded(randomMagnitudes(count, seed: 1))
                kernels.fill(values.vector, with: value)
                #expect(values.elements.allSatisfy { $0.bitPattern == value.bitPattern })
                #expect(values.isIntact, "\(count) values")
            }
        }
    }

    @Test("copy values with exact bits", arguments: Kernels.supported)
    func copy(kernels: any KernelSet.Type) {
        let special: [Float] = [-0.0, 0x1p-149, .infinity, .nan]
        for count in 0...70 {
            let source = Guarded(Array((randomMagnitudes(70, seed: 2) + special).suffix(count)))
            let target = Guarded([Float](repeating: 7, count: count))
            let expected = source.elements.bits
            kernels.copy(source.vector, into: target.vector)
            #expect(target.elements.bits == expected, "\(count) values")
            #expect(source.elements.bits == expected, "\(count) values")
            #expect(source.isIntact && target.isIntact, "\(count) values")
        }
    }

    @Test("multiply values by factors with one rounding", arguments: Kernels.supported)
    func multiply(kernels: any KernelSet.Type) {
        for count in 0...70 {
            let values = Guarded(randomMagnitudes(count, seed: 3))
            let factors = Guarded(randomMagnitudes(count, seed: 4))
            let expected = zip(values.elements, factors.elements).map { $0 * $1 }
            kernels.multiply(values.vector, by: factors.vector)
            #expect(values.elements.bits == expected.bits, "\(count) values")
            #expect(values.isIntact && factors.isIntact, "\(count) values")
        }
    }

    @Test("keep NaN and infinity when a factor is zero", arguments: Kernels.supported)
    func notFinite(kernels: any KernelSet.Type) {
        let values = Guarded([.nan, .infinity, -3, 3])
        let factors = Guarded([0, 0, 0, 0])
        kernels.multiply(values.vector, by: factors.vector)
        #expect(values.elements[0].isNaN && values.elements[1].isNaN)
        #expect(values.elements[2...].bits == [Float(-0.0), 0].bits)
        #expect(values.isIntact && factors.isIntact)
    }
}
