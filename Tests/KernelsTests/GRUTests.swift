import Kernels
import TestSupport
import Testing

@Suite("GRU gates")
struct GRUTests {
    @Test(
        "and outputs follow the equations, within rounding", arguments: Kernels.supported,
        [false, true])
    func forward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in cellWidths {
            let sample = GRUSample.fresh(columns, hasPrevious)
            let expected = GRUExpectation(forward: sample)
            let candidate = sample.candidate.elements.bits
            sample.forward(kernels)
            #expect(sample.gates.isClose(to: expected.gates, units: 16), "\(columns) columns")
            #expect(sample.hidden.isClose(to: expected.hidden, units: 24), "\(columns) columns")
            #expect(sample.candidate.elements.bits == candidate, "\(columns) columns")
        }
    }

    @Test(
        "have the equations' gradients, within rounding",
        arguments: Kernels.supported, [false, true])
    func backward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in cellWidths {
            let sample = GRUSample(
                rows: GRUSample.rows(columns), columns: columns, hasPrevious: hasPrevious)
            let expected = GRUExpectation(backward: sample)
            sample.backward(kernels)
            #expect(sample.gates.isClose(to: expected.gates, units: 8), "\(columns) columns")
            #expect(
                sample.candidate.isClose(to: expected.candidate, units: 8), "\(columns) columns")
            guard let gradient = sample.previousGradient else { continue }
            #expect(
                gradient.isClose(to: expected.previousGradient, units: 4), "\(columns) columns")
        }
    }

    @Test(
        "write only their results, at any stride", arguments: Kernels.supported,
        [false, true])
    func guards(kernels: any KernelSet.Type, hasPrevious: Bool) {
        GRUSample.expectGuards(kernels, hasPrevious: hasPrevious)
    }

    @Test("have the same bits in every kernel set", arguments: [false, true])
    func agreement(hasPrevious: Bool) throws {
        try GRUSample.expectAgreement(hasPrevious: hasPrevious)
    }

    @Test("pass NaN only to the output of the same unit", arguments: Kernels.supported)
    func notANumber(kernels: any KernelSet.Type) {
        let columns = 21
        let expected = GRUSample.fresh(columns, true)
        expected.forward(kernels)
        for gate in 0..<3 {
            for column in [0, 15, 16, 20] {
                let sample = GRUSample.fresh(columns, true)
                sample.gates.matrix.base[gate * columns + column] = .nan
                sample.forward(kernels)
                for (index, hidden) in sample.hidden.elements.enumerated() {
                    let isSame = hidden.bitPattern == expected.hidden.elements[index].bitPattern
                    #expect(index == column ? hidden.isNaN : isSame, "gate \(gate), \(index)")
                }
            }
        }
    }

    @Test(
        "pass a NaN gradient to all gradients of the same unit",
        arguments: Kernels.supported)
    func gradientNotANumber(kernels: any KernelSet.Type) {
        let sample = GRUSample(rows: 1, columns: 18, hasPrevious: true)
        sample.hiddenGradient.matrix.base[17] = .nan
        sample.backward(kernels)
        for column in 0..<18 {
            let isNaN = column == 17
            for gate in 0..<3 {
                #expect(sample.gates[0, gate * 18 + column].isNaN == isNaN)
            }
            #expect(sample.candidate[0, column].isNaN == isNaN)
            #expect(sample.previousGradient?[0, column].isNaN == isNaN)
        }
    }
}
