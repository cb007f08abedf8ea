/// Where each parameter tensor lies in the one flat buffer that holds them all.
///
/// Order, names and shapes are those of PyTorch's `state_dict` for a module with a list of
/// `nn.Conv2d` named `conv`, if any, an `nn.RNN`, `nn.LSTM` or `nn.GRU` named `rnn`, and an
/// `nn.Linear` named `fc`. So PyTorch can load a file of the buffer as it is.
public struct ParameterLayout: Sendable, Equatable {
    /// The tensors in `state_dict` order.
    public let tensors: [Tensor]
    /// The number of values in all tensors.
    public let count: Int

    /// A named part of the flat buffer.
    public struct Tensor: Sendable, Equatable {
        /// PyTorch's name, such as `rnn.weight_ih_l0`.
        public let name: String
        /// Rows and columns, or the length of a bias.
        public let shape: [Int]
        /// Where the tensor begins in the buffer, in values.
        public let offset: Int

        /// The number of values.
        public var count: Int { shape.reduce(1, *) }
    }

    /// The layout of an architecture's parameters.
    public init(_ architecture: Architecture) {
        let hidden = architecture.hiddenSize
        let sums = architecture.cell.gates * hidden
        var tensors: [Tensor] = []
        var offset = 0
        func add(_ name: String, _ shape: [Int]) {
            let tensor = Tensor(name: name, shape: shape, offset: offset)
            tensors.append(tensor)
            offset += tensor.count
        }
        var channels = 1
        for (index, count) in architecture.convolutions.enumerated() {
            add("conv.\(index).weight", [count, channels, 3, 3])
            add("conv.\(index).bias", [count])
            channels = count
        }
        for layer in 0..<architecture.layers {
            let width = architecture.inputWidths(ofLayer: layer).reduce(0, +)
            for direction in 0..<architecture.directions {
                let suffix = Self.suffix(layer: layer, isReverse: direction == 1)
                add("rnn.weight_ih_\(suffix)", [sums, width])
                add("rnn.weight_hh_\(suffix)", [sums, hidden])
                add("rnn.bias_ih_\(suffix)", [sums])
                add("rnn.bias_hh_\(suffix)", [sums])
            }
        }
        add("fc.weight", [architecture.classes, hidden * architecture.directions])
        add("fc.bias", [architecture.classes])
        self.tensors = tensors
        count = offset
    }

    /// PyTorch's name of a layer in one direction: `l0`, or `l0_reverse`.
    static func suffix(layer: Int, isReverse: Bool) -> String {
        "l\(layer)" + (isReverse ? "_reverse" : "")
    }

    /// Where the tensor called `name` begins, which must exist.
    func offset(of name: String) -> Int {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            preconditionFailure("there is no parameter called \(name)")
        }
        return tensor.offset
    }
}
