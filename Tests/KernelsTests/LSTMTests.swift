import Kernels
import TestSupport
import Testing

@Suite("LSTM gates")
struct LSTMTests {
    @Test(
        "states and outputs follow the equations, within rounding",
        arguments: Kernels.supported, [false, true])
    func forward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in cellWidths {
            let sample = LSTMSample.fresh(columns, hasPrevious)
            let expected = LSTMExpectation(forward: sample)
            sample.forward(kernels)
            #expect(sample.gates.isClose(to: expected.gates, units: 8), "\(columns) columns")
            #expect(sample.state.isClose(to: expected.state, units: 16), "\(columns) columns")
            #expect(
                sample.activated.isClose(to: expected.activated, units: 20), "\(columns) columns")
            #expect(sample.hidden.isClose(to: expected.hidden, units: 24), "\(columns) columns")
        }
    }

    @Test(
        "have the equations' gradients, within rounding",
        arguments: Kernels.supported, [false, true])
    func backward(kernels: any KernelSet.Type, hasPrevious: Bool) {
        for columns in cellWidths {
            let sample = LSTMSample(
                rows: LSTMSample.rows(columns), columns: columns, hasPrevious: hasPrevious)
            let expected = LSTMExpectation(backward: sample)
            sample.backward(kernels)
            #expect(sample.gates.isClose(to: expected.gates, units: 8), "\(columns) columns")
            #expect(
                sample.stateGradient.isClose(to: expected.stateGradient, units: 8),
                "\(columns) columns")
        }
    }

    @Test(
        "write only their results, at any stride", arguments: Kernels.supported,
        [false, true])
    func guards(kernels: any KernelSet.Type, hasPrevious: Bool) {
        LSTMSample.expectGuards(kernels, hasPrevious: hasPrevious)
    }

    @Test("have the same bits in every kernel set", arguments: [false, true])
    func agreement(hasPrevious: Bool) throws {
        try LSTMSample.expectAgreement(hasPrevious: hasPrevious)
    }

    @Test("use a sigmoid within 4 ulp of the true value", arguments: Kernels.supported)
    func sigmoidAccuracy(kernels: any KernelSet.Type) {
        let columns = 20_001
        let inputs = (0..<columns).map { Float($0 - columns / 2) * (86 / Float(columns / 2)) }
        let sums = inputs + [Float](repeating: 0, count: 3 * columns)
        let sample = LSTMSample(sums: sums, rows: 1, columns: columns, hasPrevious: false)
        sample.forward(kernels)
        var worst = (error: 0.0, input: Float(0))
        for (column, input) in inputs.enumerated() {
            let exact = sigmoid(Double(input))
            let distance = (Double(sample.gates[0, column]) - exact).magnitude
            let error = distance / Double(Float(exact).ulp)
            if !(error <= worst.error) { worst = (error, input) }
        }
        #expect(worst.error <= 4, "\(worst.error) ulp at \(worst.input)")
    }

    @Test("saturate without overflow", arguments: Kernels.supported)
    func saturation(kernels: any KernelSet.Type) {
        for large in [Float(100), 1e10, .greatestFiniteMagnitude, .infinity] {
            let sample = LSTMSample(
                sums: [-large, large, large, -large, large, -large, -large, large], rows: 2,
                columns: 1, hasPrevious: true)
            sample.forward(kernels)
            let old = sample.previous?.elements ?? []
            #expect(sample.gates.elements[0] < 1e-37 && sample.gates.elements[5] < 1e-37)
            #expect(sample.gates.elements[1...2] == [1, 1])
            #expect(sample.gates.elements[6...7] == [-1, 1] && sample.gates.elements[4] == 1)
            #expect(sample.state.elements[0] == old[0] && sample.state.elements[1] == -1)
        }
    }

    @Test("pass NaN only to the outputs of the same unit", arguments: Kernels.supported)
    func notANumber(kernels: any KernelSet.Type) {
        let columns = 21
        let expected = LSTMSample.fresh(columns, true)
        expected.forward(kernels)
        for gate in 0..<4 {
            for column in [0, 15, 16, 20] {
                var sums = LSTMSample.sums(columns)
                sums[gate * columns + column] = .nan
                let sample = LSTMSample(
                    sums: sums, rows: LSTMSample.rows(columns), columns: columns, hasPrevious: true)
                sample.forward(kernels)
                for (index, hidden) in sample.hidden.elements.enumerated() {
                    let isSame = hidden.bitPattern == expected.hidden.elements[index].bitPattern
                    #expect(index == column ? hidden.isNaN : isSame, "gate \(gate), \(index)")
                }
                #expect(sample.state[0, column].isNaN == (gate < 3))
            }
        }
    }

    @Test(
        "pass a NaN gradient to all preactivations of the same unit", arguments: Kernels.supported)
    func gradientNotANumber(kernels: any KernelSet.Type) {
        let sample = LSTMSample(rows: 1, columns: 18, hasPrevious: true)
        sample.hiddenGradient.matrix.base[17] = .nan
        sample.backward(kernels)
        for gate in 0..<4 {
            for column in 0..<18 {
                #expect(sample.gates[0, gate * 18 + column].isNaN == (column == 17))
            }
        }
        #expect(sample.stateGradient[0, 17].isNaN)
    }
}
