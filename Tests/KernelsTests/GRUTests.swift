import Kernels
import TestSupport
import Testing

@Suite("GRU gates")
struct GRUTests {
    @Test(
        "gates and outputs are the equations' within rounding", arguments: Kernels.supported,
        [false, true])
    func forward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in LSTMTests.widths {
            let sample = fresh(columns, hasPrevious)
            let expected = GRUExpectation(forward: sample)
            let candidate = sample.candidate.elements.bits
            sample.forward(kernels)
            #expect(sample.gates.isClose(to: expected.gates, units: 16), "\(columns) columns")
            #expect(sample.hidden.isClose(to: expected.hidden, units: 24), "\(columns) columns")
            #expect(sample.candidate.elements.bits == candidate, "\(columns) columns")
        }
    }

    @Test(
        "gradients are the derivatives of the equations within rounding",
        arguments: Kernels.supported, [false, true])
    func backward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in LSTMTests.widths {
            let sample = GRUSample(
                rows: columns % 4 + 1, columns: columns, hasPrevious: hasPrevious)
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
        "nothing but the results is written, whatever the strides", arguments: Kernels.supported,
        [false, true])
    func guards(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in LSTMTests.widths {
            let forward = fresh(columns, hasPrevious)
            forward.forward(kernels)
            let backward = GRUSample(rows: 3, columns: columns, hasPrevious: hasPrevious)
            let before = backward.hiddenGradient.elements.bits
            backward.backward(kernels)
            #expect(backward.hiddenGradient.elements.bits == before, "\(columns) columns")
            let areIntact = (forward.all + backward.all).allSatisfy(\.isIntact)
            #expect(areIntact, "\(columns) columns")
        }
    }

    @Test("every kernel set gives the same bits", arguments: [false, true])
    func agreement(hasPrevious: Bool) throws {
        for columns in LSTMTests.widths {
            let results = Kernels.supported.map { kernels in
                let forward = fresh(columns, hasPrevious)
                forward.forward(kernels)
                let backward = GRUSample(rows: 3, columns: columns, hasPrevious: hasPrevious)
                backward.backward(kernels)
                return forward.bits + backward.bits
            }
            let first = try #require(results.first)
            #expect(results.allSatisfy { $0 == first }, "\(columns) columns")
        }
    }

    @Test("NaN reaches the output of its own unit alone", arguments: Kernels.supported)
    func notANumber(kernels: any KernelSet.Type) {
        let columns = 21
        let expected = fresh(columns, true)
        expected.forward(kernels)
        for gate in 0..<3 {
            for column in [0, 15, 16, 20] {
                let sample = fresh(columns, true)
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
        "a NaN among the gradients reaches all that its unit passes on",
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

    private func fresh(_ columns: Int, _ hasPrevious: Bool) -> GRUSample {
        let rows = columns % 4 + 1
        return GRUSample(
            sums: randomValues(3 * rows * columns, seed: 26, limit: 6), rows: rows,
            columns: columns, hasPrevious: hasPrevious)
    }
}
