import Kernels
import Randomness

/// How initial parameters are drawn.
public enum Initialization: String, Codable, Sendable, CaseIterable {
    /// PyTorch's: uniform in ±1/√fan for every tensor.
    case uniform
    /// Like `uniform`, but hidden weights copy the hidden state and recurrent biases are zero (Le,
    /// Jaitly and Hinton 2015); with `relu` such a network remembers over hundreds of time steps.
    case identity
}

extension ParameterLayout {
    /// Initial parameters for an architecture of this layout.
    ///
    /// PyTorch's bound is 1/√hidden for recurrent layers, and 1/√inputs for the others. Each tensor
    /// draws from its own stream, keyed by the seed and its name.
    public func initialParameters(
        for architecture: Architecture, seed: UInt64, _ initialization: Initialization = .uniform
    ) -> FloatBuffer {
        let parameters = FloatBuffer(count: count)
        for tensor in tensors {
            let isRecurrent = tensor.name.hasPrefix("rnn.")
            if isRecurrent, initialization == .identity, !tensor.name.contains("weight_ih") {
                setIdentity(tensor, in: parameters)
                continue
            }
            let bound = 1 / Float(fan(of: tensor, architecture)).squareRoot()
            var random = Philox(seed: seed, for: tensor.name)
            for index in tensor.offset..<tensor.offset + tensor.count {
                parameters[index] = bound * (2 * random.uniform() - 1)
            }
        }
        return parameters
    }

    /// The fan that bounds a tensor's initial values: hidden values in a recurrent layer, inputs of
    /// one sum in any other.
    private func fan(of tensor: Tensor, _ architecture: Architecture) -> Int {
        if tensor.name.hasPrefix("rnn.") { return architecture.hiddenSize }
        if tensor.name.hasPrefix("fc.") {
            return architecture.hiddenSize * architecture.directions
        }
        let convolution = tensor.name.split(separator: ".").dropLast().joined(separator: ".")
        let weight = tensors.first { $0.name == convolution + ".weight" }
        return weight?.shape.dropFirst().reduce(1, *) ?? 1
    }

    /// Ones on the diagonal of each gate's square block; a bias stays zero.
    private func setIdentity(_ tensor: Tensor, in parameters: FloatBuffer) {
        guard tensor.shape.count == 2 else { return }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        for row in 0..<rows { parameters[tensor.offset + row * columns + row % columns] = 1 }
    }
}
