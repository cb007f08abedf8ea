/// The operands of one time step of LSTM cells (Hochreiter and Schmidhuber 1997, with the forget gate
/// of Gers, Schmidhuber and Cummins 2000).
///
/// Shapes: N rows, H columns; `gates` is N x 4H, in PyTorch's order: input, forget, candidate, output.
public struct LSTMStep {
    /// The gates' sums, which become the gates, and then the gradient by the sums.
    public var gates: Matrix
    /// The cell state before; nil at a sequence's start, where it is zero.
    public var previousState: Matrix?
    /// The cell state.
    public var state: Matrix
    /// The hyperbolic tangent of the cell state.
    public var activatedState: Matrix
    /// The hidden state.
    public var hidden: Matrix

    /// The operands of one time step.
    public init(
        gates: Matrix, previousState: Matrix?, state: Matrix, activatedState: Matrix,
        hidden: Matrix
    ) {
        self.gates = gates
        self.previousState = previousState
        self.state = state
        self.activatedState = activatedState
        self.hidden = hidden
    }
}

/// The operands of one time step of GRU cells (Cho and others 2014, in PyTorch's variant, which
/// applies the reset gate behind the product).
///
/// Shapes: N rows, H columns; `gates` is N x 3H, in PyTorch's order: reset, update, candidate.
public struct GRUStep {
    /// The gates' sums, the candidate's of the input alone; they become the gates, then gradients.
    public var gates: Matrix
    /// The candidate's sum of the hidden state, which becomes the gradient by it.
    public var hiddenCandidate: Matrix
    /// The hidden state before; nil at a sequence's start, where it is zero.
    public var previousHidden: Matrix?
    /// The hidden state.
    public var hidden: Matrix

    /// The operands of one time step.
    public init(
        gates: Matrix, hiddenCandidate: Matrix, previousHidden: Matrix?, hidden: Matrix
    ) {
        self.gates = gates
        self.hiddenCandidate = hiddenCandidate
        self.previousHidden = previousHidden
        self.hidden = hidden
    }
}
