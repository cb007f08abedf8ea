import NeuralNetwork
import Testing

@Suite("Tensors in PyTorch's state_dict")
struct StateDictTests {
    @Test("have hidden rows for each gate of their layer", arguments: Cell.allCases)
    func cells(cell: Cell) {
        let rows = [Cell.rnn: 20, .lstm: 80, .gru: 60][cell, default: 0]
        expectTensors(
            Architecture(
                cell: cell, imageRows: 27, imageColumns: 28, hiddenSize: 20, layers: 2, classes: 10),
            [
                ("rnn.weight_ih_l0", [rows, 28]), ("rnn.weight_hh_l0", [rows, 20]),
                ("rnn.bias_ih_l0", [rows]), ("rnn.bias_hh_l0", [rows]),
                ("rnn.weight_ih_l1", [rows, 20]), ("rnn.weight_hh_l1", [rows, 20]),
                ("rnn.bias_ih_l1", [rows]), ("rnn.bias_hh_l1", [rows]),
                ("fc.weight", [10, 20]), ("fc.bias", [10]),
            ])
    }

    @Test(
        "of the reverse direction follow the forward one, and both feed the layer above",
        arguments: Cell.allCases)
    func directions(cell: Cell) {
        let rows = [Cell.rnn: 20, .lstm: 80, .gru: 60][cell, default: 0]
        expectTensors(
            Architecture(
                cell: cell, imageRows: 27, imageColumns: 28, sequence: .columns, hiddenSize: 20,
                layers: 2, isBidirectional: true, dropout: 0.5, readout: .mean, classes: 10),
            [
                ("rnn.weight_ih_l0", [rows, 27]), ("rnn.weight_hh_l0", [rows, 20]),
                ("rnn.bias_ih_l0", [rows]), ("rnn.bias_hh_l0", [rows]),
                ("rnn.weight_ih_l0_reverse", [rows, 27]), ("rnn.weight_hh_l0_reverse", [rows, 20]),
                ("rnn.bias_ih_l0_reverse", [rows]), ("rnn.bias_hh_l0_reverse", [rows]),
                ("rnn.weight_ih_l1", [rows, 40]), ("rnn.weight_hh_l1", [rows, 20]),
                ("rnn.bias_ih_l1", [rows]), ("rnn.bias_hh_l1", [rows]),
                ("rnn.weight_ih_l1_reverse", [rows, 40]), ("rnn.weight_hh_l1_reverse", [rows, 20]),
                ("rnn.bias_ih_l1_reverse", [rows]), ("rnn.bias_hh_l1_reverse", [rows]),
                ("fc.weight", [10, 40]), ("fc.bias", [10]),
            ])
    }

    @Test("of a pixel sequence have one column of input weights")
    func pixels() {
        let architecture = Architecture(
            imageRows: 28, imageColumns: 28, sequence: .permuted, hiddenSize: 6, layers: 1,
            classes: 10)
        #expect(ParameterLayout(architecture).tensors[0].shape == [6, 1])
    }

    @Test(
        "are contiguous and fill the buffer",
        arguments: SampleArchitectures.forms + SampleArchitectures.edges)
    func offsets(architecture: Architecture) {
        let layout = ParameterLayout(architecture)
        var end = 0
        for tensor in layout.tensors {
            #expect(tensor.offset == end)
            end += tensor.count
        }
        #expect(layout.count == end)
    }

    private func expectTensors(
        _ architecture: Architecture, _ expected: [(name: String, shape: [Int])]
    ) {
        let tensors = ParameterLayout(architecture).tensors
        #expect(tensors.map(\.name) == expected.map(\.name))
        #expect(tensors.map(\.shape) == expected.map(\.shape))
    }
}
