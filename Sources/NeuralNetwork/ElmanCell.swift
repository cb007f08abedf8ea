import Kernels

/// The plain recurrent cell (Elman 1990): h_t = f(a) of preactivations a; f is tanh or the
/// rectifier.
struct ElmanCell: RecurrentCell {
    private let nonlinearity: Nonlinearity
    private let kernels: any KernelSet.Type
    /// The preactivations become the hidden states in place.
    let hidden: SequenceBuffer
    let gradient: SequenceBuffer

    var preactivations: SequenceBuffer { hidden }
    var preactivationGradients: SequenceBuffer { gradient }

    init(_ architecture: Architecture, capacity: Int, kernels: any KernelSet.Type) {
        nonlinearity = architecture.nonlinearity
        self.kernels = kernels
        func sequence() -> SequenceBuffer {
            SequenceBuffer(
                timeSteps: architecture.timeSteps, capacity: capacity,
                width: architecture.hiddenSize)
        }
        hidden = sequence()
        gradient = sequence()
    }

    func forward(at time: Int, previous: Int?, rows: RowRange) {
        switch nonlinearity {
        case .tanh: kernels.tanh(hidden.vector(time, rows))
        case .relu: kernels.relu(hidden.vector(time, rows))
        }
    }

    func backward(at time: Int, previous: Int?, rows: RowRange) {
        let gradient = gradient.vector(time, rows)
        let output = hidden.vector(time, rows)
        switch nonlinearity {
        case .tanh: kernels.tanhBackward(gradient, output: output)
        case .relu: kernels.reluBackward(gradient, output: output)
        }
    }
}
