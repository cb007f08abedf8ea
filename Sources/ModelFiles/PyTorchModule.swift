import Files
import FoundationEssentials
import NeuralNetwork

/// The Python source of a PyTorch module that equals a network.
///
/// The attributes `rnn` and `fc` give the module's `state_dict` the names of ``ParameterLayout``.
public struct PyTorchModule: Sendable {
    private let architecture: Architecture
    private let weights: String
    private let namesInFile: [String: String]?

    /// Makes the module of a network.
    ///
    /// - Parameters:
    ///   - weights: the absolute path of the safetensors file with its parameters.
    ///   - program: the absolute path where the program will be written. If both share a folder,
    ///     the program finds the weights beside itself, even if the folder moves.
    ///   - namesInFile: the parameters' names in the file, if they differ or if the file has more
    ///     tensors.
    public init(
        _ architecture: Architecture, weights: String, program: String,
        namesInFile: [String: String]? = nil
    ) {
        self.architecture = architecture
        self.namesInFile = namesInFile
        let parts = weights.split(separator: "/", omittingEmptySubsequences: false)
        let isBeside =
            parts.dropLast()
            == program.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        self.weights =
            isBeside
            ? "Path(__file__).with_name(\(jsonText(parts.last.map(String.init) ?? "")))"
            : jsonText(weights)
    }

    /// The program's text.
    public var source: String {
        """
        \"\"\"\(summary), as a PyTorch module.\"\"\"

        \(imports)import torch
        from safetensors.torch import load_file

        WEIGHTS = \(weights)
        \(names)\(order)

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
        \(convolutions)        self.rnn = torch.nn.\(recurrentLayers)
                self.fc = torch.nn.Linear(\(outputs), \(architecture.classes))

            def forward(self, images):
                \"\"\"Logits [N, \(architecture.classes)] of \(noun) [N, \(imageShape)]\(scale).\"\"\"
        \(maps)        sequence = \(sequence)
                outputs, _ = self.rnn(sequence)  # [N, \(architecture.timeSteps), \(outputs)]
                return self.fc(\(readout))


        model = Network()
        model.load_state_dict(\(stateDict), strict=True)
        model.eval()

        if __name__ == "__main__":
            print(model)
            print(f"{sum(tensor.numel() for tensor in model.parameters()):,} parameters")

        """
    }

    /// The parameters' names in the file, as a Python dictionary.
    private var names: String {
        guard let namesInFile else { return "" }
        let lines = ParameterLayout(architecture).tensors.compactMap { tensor in
            namesInFile[tensor.name].map { "    \(jsonText(tensor.name)): \(jsonText($0)),\n" }
        }
        return "NAMES = {\n\(lines.joined())}\n"
    }

    private var stateDict: String {
        guard namesInFile != nil else { return "load_file(WEIGHTS)" }
        return "dict(zip(NAMES, map(load_file(WEIGHTS).get, NAMES.values())))"
    }

    private var imports: String {
        weights.hasPrefix("Path(") ? "from pathlib import Path\n\n" : ""
    }

    private var outputs: Int { architecture.hiddenSize * architecture.directions }

    private var scale: String {
        architecture.element == .uint8 ? " with pixels scaled to 0...1" : ""
    }

    private var noun: String { architecture.exampleShape.noun }

    private var imageShape: String { "\(architecture.imageRows), \(architecture.imageColumns)" }

    private var summary: String {
        let cell = architecture.cell.rawValue
        let size = "\(architecture.imageRows)x\(architecture.imageColumns)"
        return "A recurrent network (\(cell)) that reads \(noun) of \(size)"
    }

    /// The constructor call of the recurrent layers, with the arguments that differ from PyTorch's defaults.
    private var recurrentLayers: String {
        var arguments = ["\(architecture.inputSize)", "\(architecture.hiddenSize)"]
        if architecture.layers > 1 { arguments.append("num_layers=\(architecture.layers)") }
        if architecture.cell == .rnn, architecture.nonlinearity != .tanh {
            arguments.append("nonlinearity=\"\(architecture.nonlinearity.rawValue)\"")
        }
        arguments.append("batch_first=True")
        if architecture.dropout > 0 { arguments.append("dropout=\(architecture.dropout)") }
        if architecture.isBidirectional { arguments.append("bidirectional=True") }
        return "\(architecture.cell.rawValue.uppercased())(\(arguments.joined(separator: ", ")))"
    }

    /// The statement that creates the convolutions, if any.
    private var convolutions: String {
        guard !architecture.convolutions.isEmpty else { return "" }
        let channels = [1] + architecture.convolutions
        let layers = zip(channels, channels.dropFirst()).map { before, after in
            "            torch.nn.Conv2d(\(before), \(after), kernel_size=3, padding=1),\n"
        }
        return "        self.conv = torch.nn.ModuleList([\n\(layers.joined())        ])\n"
    }

    /// The statements that pass images through the convolutions, if any.
    private var maps: String {
        guard !architecture.convolutions.isEmpty else { return "" }
        return """
                    maps = images.reshape(-1, 1, \(imageShape))
                    for convolution in self.conv:
                        maps = torch.nn.functional.max_pool2d(torch.relu(convolution(maps)), 2)

            """
    }

    private var sequence: String {
        guard architecture.convolutions.isEmpty else { return "maps.transpose(1, 2).flatten(2)" }
        switch architecture.sequence {
        case .rows: return "images.reshape(-1, \(imageShape))"
        case .columns: return "images.reshape(-1, \(imageShape)).transpose(1, 2)"
        case .pixels: return "images.reshape(-1, \(architecture.exampleSize), 1)"
        case .permuted: return "images.reshape(-1, \(architecture.exampleSize), 1)[:, ORDER]"
        }
    }

    private var readout: String {
        switch architecture.readout {
        case .last: "outputs[:, -1, :]"
        case .mean: "outputs.mean(dim=1)"
        }
    }

    /// The order of permuted pixels as a Python list, sixteen per line.
    private var order: String {
        guard architecture.sequence == .permuted, let pixels = architecture.pixelOrder else {
            return ""
        }
        let lines = stride(from: 0, to: pixels.count, by: 16).map { start in
            let line = pixels[start..<min(start + 16, pixels.count)].map { "\($0)," }
            return "    " + line.joined(separator: " ")
        }
        return "# The pixel that each time step reads.\nORDER = [\n"
            + lines.joined(separator: "\n") + "\n]\n"
    }
}
