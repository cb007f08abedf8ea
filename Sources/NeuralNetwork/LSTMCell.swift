import Kernels

/// The long short-term memory cell (Hochreiter and Schmidhuber 1997), with PyTorch's gates.
///
///     i = σ(a_i)   f = σ(a_f)   g = tanh(a_g)   o = σ(a_o), a the preactivations
///     c_t = f c_(t-1) + i g     h_t = o tanh(c_t)
struct LSTMCell: RecurrentCell {
    private let kernels: any KernelSet.Type
    private let hiddenSize: Int
    /// The preactivations become the gates in place, then the preactivations' gradient.
    let preactivations: SequenceBuffer
    let hidden: SequenceBuffer
    let gradient: SequenceBuffer
    private let state: SequenceBuffer
    private let activatedState: SequenceBuffer
    /// The gradient with respect to the current step's state, [N][H].
    private let gradientByState: SequenceBuffer

    var preactivationGradients: SequenceBuffer { preactivations }
    var states: [SequenceBuffer] { [hidden, state] }
    var overwritten: [SequenceBuffer] { [preactivations] }
    var stateGradient: SequenceBuffer? { gradientByState }

    init(_ architecture: Architecture, capacity: Int, kernels: any KernelSet.Type) {
        self.kernels = kernels
        hiddenSize = architecture.hiddenSize
        func sequence(_ width: Int, timeSteps: Int = architecture.timeSteps) -> SequenceBuffer {
            SequenceBuffer(timeSteps: timeSteps, capacity: capacity, width: width)
        }
        preactivations = sequence(4 * hiddenSize)
        hidden = sequence(hiddenSize)
        gradient = sequence(hiddenSize)
        state = sequence(hiddenSize)
        activatedState = sequence(hiddenSize)
        gradientByState = sequence(hiddenSize, timeSteps: 1)
    }

    func forward(at time: Int, previous: Int?, rows: RowRange) {
        kernels.lstm(step(time, previous, rows), rows: rows.count, columns: hiddenSize)
    }

    func beginBackward(rows: Int) { gradientByState.values.zero() }

    func backward(at time: Int, previous: Int?, rows: RowRange) {
        kernels.lstmBackward(
            step(time, previous, rows), hiddenGradient: gradient.step(time, rows),
            stateGradient: gradientByState.step(0, rows), rows: rows.count, columns: hiddenSize)
    }

    private func step(_ time: Int, _ previous: Int?, _ rows: RowRange) -> LSTMStep {
        LSTMStep(
            gates: preactivations.step(time, rows),
            previousState: previous.map { state.step($0, rows) },
            state: state.step(time, rows),
            activatedState: activatedState.step(time, rows),
            hidden: hidden.step(time, rows))
    }
}
