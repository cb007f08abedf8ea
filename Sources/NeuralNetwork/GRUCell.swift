import Kernels

/// The gated recurrent unit (Cho and others 2014), with PyTorch's gates.
///
///     r = σ(a_r)   z = σ(a_z)   n = tanh(a_in + r a_hn), a the preactivations
///     h_t = (1 - z) n + z h_(t-1)
struct GRUCell: RecurrentCell {
    private let kernels: any KernelSet.Type
    private let hiddenSize: Int
    /// The preactivations become the gates in place, then the preactivations' gradient.
    let preactivations: SequenceBuffer
    /// The candidate's preactivations from the hidden state, then the gradient with respect to
    /// them.
    private let candidate: SequenceBuffer
    let hidden: SequenceBuffer
    let gradient: SequenceBuffer

    var hiddenPreactivations: SequenceBuffer? { candidate }
    var preactivationGradients: SequenceBuffer { preactivations }
    var overwritten: [SequenceBuffer] { [preactivations, candidate] }

    init(_ architecture: Architecture, capacity: Int, kernels: any KernelSet.Type) {
        self.kernels = kernels
        hiddenSize = architecture.hiddenSize
        func sequence(_ width: Int) -> SequenceBuffer {
            SequenceBuffer(timeSteps: architecture.timeSteps, capacity: capacity, width: width)
        }
        preactivations = sequence(3 * hiddenSize)
        candidate = sequence(hiddenSize)
        hidden = sequence(hiddenSize)
        gradient = sequence(hiddenSize)
    }

    func forward(at time: Int, previous: Int?, rows: RowRange) {
        kernels.gru(step(time, previous, rows), rows: rows.count, columns: hiddenSize)
    }

    func backward(at time: Int, previous: Int?, rows: RowRange) {
        kernels.gruBackward(
            step(time, previous, rows), hiddenGradient: gradient.step(time, rows),
            previousGradient: previous.map { gradient.step($0, rows) }, rows: rows.count,
            columns: hiddenSize)
    }

    private func step(_ time: Int, _ previous: Int?, _ rows: RowRange) -> GRUStep {
        GRUStep(
            gates: preactivations.step(time, rows),
            hiddenCandidate: candidate.step(time, rows),
            previousHidden: previous.map { hidden.step($0, rows) },
            hidden: hidden.step(time, rows))
    }
}
