import Kernels
import Randomness

extension ParameterLayout {
    /// Fresh parameters from PyTorch's distributions: uniform in ±1/√hidden for every tensor.
    ///
    /// That is `nn.RNN`'s rule, and `nn.Linear`'s too, whose fan-in is the hidden size here. Each
    /// tensor draws from a stream of its own, keyed by the seed and its name.
    public func initialParameters(seed: UInt64, hiddenSize: Int) -> FloatBuffer {
        let parameters = FloatBuffer(count: count)
        let bound = 1 / Float(hiddenSize).squareRoot()
        for tensor in tensors {
            var random = Philox(seed: seed, for: tensor.name)
            for index in tensor.offset..<tensor.offset + tensor.count {
                parameters[index] = bound * (2 * random.uniform() - 1)
            }
        }
        return parameters
    }
}
