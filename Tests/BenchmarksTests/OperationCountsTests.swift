import Benchmarks
import KernelInterface
import NeuralNetwork
import Testing

@Suite("Operation counts") struct OperationCountsTests {
    private func architecture(
        _ cell: Cell, layers: Int = 1, isBidirectional: Bool = false
    ) -> Architecture {
        Architecture(
            cell: cell, imageRows: 28, imageColumns: 28, hiddenSize: 128, layers: layers,
            isBidirectional: isBidirectional, classes: 10)
    }

    @Test("a product has two operations per term")
    func product() {
        var shape = ProductShape(rows: 3, columns: 5, depth: 7)
        shape.segments = 2
        #expect(shape.operations == 2 * 3 * 5 * 7 * 2)
    }

    @Test("a plain network of 128 matches a count by hand")
    func plain() {
        let operations = StepOperations(architecture(.rnn), rows: 1)
        // 28 time steps of 28 inputs, 27 of the hidden state, and 10 classes.
        let (input, hidden, readout) = (28 * 128 * 28, 27 * 128 * 128, 10 * 128)
        #expect(operations.forward == 2 * (input + hidden + readout))
        #expect(operations.backward == 2 * (hidden + readout))
        #expect(operations.parameterGradients == operations.forward)
        #expect(operations.total == 3_063_296)
    }

    @Test("they are proportional to examples and gates")
    func proportions() {
        let one = StepOperations(architecture(.rnn), rows: 1)
        #expect(StepOperations(architecture(.rnn), rows: 64).total == 64 * one.total)
        let readout = 3 * 2 * 10 * 128
        for (cell, gates) in [(Cell.lstm, 4), (.gru, 3)] {
            let other = StepOperations(architecture(cell), rows: 1)
            #expect(other.total - readout == gates * (one.total - readout))
        }
    }

    @Test("stacked layers add the gradient with respect to the layer below")
    func stacked() {
        let operations = StepOperations(
            architecture(.lstm, layers: 2, isBidirectional: true), rows: 1)
        let gates = 4 * 128
        // The reverse direction of the last layer takes a single step.
        let (inputs, inputsAbove) = (2 * 28 * gates * 28, (28 + 1) * gates * 256)
        let hidden = 3 * 27 * gates * 128
        let readout = 2 * 10 * 128
        #expect(operations.forward == 2 * (inputs + inputsAbove + hidden + readout))
        #expect(operations.backward == 2 * (inputsAbove + hidden + readout))
    }

    @Test("activations match a count by hand")
    func activations() {
        #expect(OperationsPerValue.tanh == 28)
        #expect(OperationsPerValue.lstm == 3 * 26 + 2 * 28 + 4)
        #expect(OperationsPerValue.gru == 2 * 26 + 28 + 6)
    }
}
