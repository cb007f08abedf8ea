/// The operands of one time step of LSTM cells (Hochreiter and Schmidhuber 1997, with the forget gate
/// of Gers, Schmidhuber and Cummins 2000).
///
/// Shapes: N rows, H columns; `gates` is N x 4H, in PyTorch's order: input, forget, candidate, output.
public struct LSTMStep {
    /// The gates' preactivations, then the gates, then the preactivations' gradient.
    public var gates: Matrix
    /// The previous step's cell state; nil at a sequence's start, where it is zero.
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
/// applies the reset gate after the product).
///
/// Shapes: N rows, H columns; `gates` is N x 3H, in PyTorch's order: reset, update, candidate.
public struct GRUStep {
    /// The preactivations (the candidate's from the input alone), then the gates, then the
    /// gradient.
    public var gates: Matrix
    /// The candidate's preactivation from the hidden state, then the gradient with respect to it.
    public var hiddenCandidate: Matrix
    /// The previous step's hidden state; nil at a sequence's start, where it is zero.
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
