import Kernels

/// What tells one kind of recurrent layer from another: what happens to the sums of a time step.
///
/// The layer forms the sums W_ih x_t + b_ih + W_hh h_(t-1) + b_hh and carries gradients through the
/// same products; the cell makes hidden states of sums, and gradients by sums of gradients by hidden
/// states. It owns the sequences that this needs. Shapes: L time steps, N rows, H hidden values, G
/// gates.
protocol RecurrentCell {
    /// The gates' sums, [L][N][GH].
    var sums: SequenceBuffer { get }
    /// The hidden state's sums of those gates that keep them apart from the input's, [L][N][...].
    var sumsApart: SequenceBuffer? { get }
    /// The hidden states, [L][N][H].
    var hidden: SequenceBuffer { get }
    /// The gradient by the hidden states, [L][N][H], to which the layer adds before a step's turn.
    var gradient: SequenceBuffer { get }
    /// What a time step hands on to the next, the hidden states among them, [L][N][H] each.
    var states: [SequenceBuffer] { get }
    /// What of a time step's states `backward` overwrites.
    var overwritten: [SequenceBuffer] { get }
    /// The gradient by what is handed on besides the hidden states, of the step whose turn it is:
    /// [N][H].
    var stateGradient: SequenceBuffer? { get }
    /// The gradient by ``sums`` once `backward` has passed; that by ``sumsApart`` lies there.
    var sumGradients: SequenceBuffer { get }

    /// Turns the sums of a time step into its hidden states.
    ///
    /// - Parameter previous: the time step before in the direction of reading; nil at the start.
    func forward(at time: Int, previous: Int?, rows: Int)

    /// Forgets what an earlier backward pass has carried along.
    func beginBackward(rows: Int)

    /// Turns the gradient by a time step's hidden states into that by its sums.
    func backward(at time: Int, previous: Int?, rows: Int)
}

extension RecurrentCell {
    var sumsApart: SequenceBuffer? { nil }
    var states: [SequenceBuffer] { [hidden] }
    var overwritten: [SequenceBuffer] { [] }
    var stateGradient: SequenceBuffer? { nil }
    func beginBackward(rows: Int) {}
}
