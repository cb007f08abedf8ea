import ModelFiles
import NeuralNetwork
import TestSupport
import Testing

@Suite("The Python program of a model")
struct PyTorchModuleTests {
    @Test("names PyTorch's layers with their non-default arguments")
    func layers() {
        var network = Architecture(
            imageRows: 28, imageColumns: 20, hiddenSize: 64, layers: 1, classes: 10)
        #expect(source(network).contains("self.rnn = torch.nn.RNN(20, 64, batch_first=True)\n"))
        #expect(source(network).contains("self.fc = torch.nn.Linear(64, 10)\n"))
        network.nonlinearity = .relu
        #expect(source(network).contains("RNN(20, 64, nonlinearity=\"relu\", batch_first=True)\n"))
        network.cell = .lstm
        network.layers = 2
        network.dropout = 0.25
        network.isBidirectional = true
        let layers = """
            LSTM(20, 64, num_layers=2, batch_first=True, dropout=0.25, bidirectional=True)

            """
        #expect(source(network).contains(layers))
        #expect(source(network).contains("self.fc = torch.nn.Linear(128, 10)\n"))
    }

    @Test("reads images in the network's order, and uses the network's readout")
    func reading() {
        var network = Architecture(
            imageRows: 3, imageColumns: 6, hiddenSize: 4, layers: 1, classes: 2)
        let orders: [(SequenceOrder, String)] = [
            (.rows, "images.reshape(-1, 3, 6)\n"),
            (.columns, "images.reshape(-1, 3, 6).transpose(1, 2)\n"),
            (.pixels, "images.reshape(-1, 18, 1)\n"),
            (.permuted, "images.reshape(-1, 18, 1)[:, ORDER]\n"),
        ]
        for (order, expected) in orders {
            network.sequence = order
            #expect(source(network).contains("sequence = \(expected)"))
            #expect(source(network).contains("ORDER = [") == (order == .permuted))
        }
        #expect(source(network).contains("self.fc(outputs[:, -1, :])"))
        network.readout = .mean
        #expect(source(network).contains("self.fc(outputs.mean(dim=1))"))
    }

    @Test("adds convolutions with the names of their tensors")
    func convolutions() {
        let network = Architecture(
            imageRows: 28, imageColumns: 28, convolutions: [8, 16], hiddenSize: 4, layers: 1,
            classes: 2)
        let constructor = """
                    self.conv = torch.nn.ModuleList([
                        torch.nn.Conv2d(1, 8, kernel_size=3, padding=1),
                        torch.nn.Conv2d(8, 16, kernel_size=3, padding=1),
                    ])
                    self.rnn = torch.nn.RNN(112, 4, batch_first=True)

            """
        #expect(source(network).contains(constructor))
        #expect(source(network).contains("        sequence = maps.transpose(1, 2).flatten(2)\n"))
    }

    @Test("lists the permutation that the network reads by")
    func permutation() {
        var network = smallArchitecture
        network.sequence = .permuted
        let list = source(network).split(separator: "[\n")[1].split(separator: "]\n")[0]
        let numbers = list.split { !$0.isNumber }.compactMap { Int($0) }
        #expect(numbers == network.pixelOrder)
        #expect(numbers.sorted() == Array(0..<30))
    }

    @Test("finds weights in its own folder, and others by their path")
    func weights() {
        let beside = source(smallArchitecture, program: "/runs/a/model.py")
        #expect(
            beside.contains("WEIGHTS = Path(__file__).with_name(\"b \\\"c\\\".safetensors\")\n"))
        let apart = source(smallArchitecture, program: "/runs/model.py")
        #expect(apart.contains("WEIGHTS = \"/runs/a/b \\\"c\\\".safetensors\"\n"))
        #expect(!apart.contains("pathlib"))
    }

    private func source(_ network: Architecture, program: String = "/tmp/model.py") -> String {
        PyTorchModule(network, weights: "/runs/a/b \"c\".safetensors", program: program).source
    }
}
