import Kernels

/// One kind of recurrent layer: how it turns the preactivations of a time step into hidden states.
///
/// The layer computes the preactivations W_ih x_t + b_ih + W_hh h_(t-1) + b_hh, and carries gradients
/// back through the same products. The cell turns preactivations into hidden states, and gradients
/// with respect to hidden states into gradients with respect to preactivations. It owns the sequences
/// that this needs. Shapes: L time steps, N rows, H hidden values, G gates.
protocol RecurrentCell {
    /// The gates' preactivations, [L][N][GH].
    var preactivations: SequenceBuffer { get }
    /// The hidden side of those gates that keep it separate from the input side, [L][N][...].
    var hiddenPreactivations: SequenceBuffer? { get }
    /// The hidden states, [L][N][H].
    var hidden: SequenceBuffer { get }
    /// The hidden states' gradient, [L][N][H], to which the layer adds before a step's turn.
    var gradient: SequenceBuffer { get }
    /// What a time step hands on to the next, the hidden states among them, [L][N][H] each.
    var states: [SequenceBuffer] { get }
    /// What of a time step's states `backward` overwrites.
    var overwritten: [SequenceBuffer] { get }
    /// The gradient of the other state that is handed on, of the step whose turn it is, [N][H].
    var stateGradient: SequenceBuffer? { get }
    /// The gradient of ``preactivations`` once `backward` has passed; ``hiddenPreactivations`` hold
    /// their own.
    var preactivationGradients: SequenceBuffer { get }

    /// Turns the preactivations of a time step into its hidden states.
    ///
    /// - Parameter previous: the time step before in the direction of reading; nil at the start.
    func forward(at time: Int, previous: Int?, rows: Int)

    /// Forgets what an earlier backward pass has carried along.
    func beginBackward(rows: Int)

    /// Turns the gradient of a time step's hidden states into that of its preactivations.
    func backward(at time: Int, previous: Int?, rows: Int)
}

extension RecurrentCell {
    var hiddenPreactivations: SequenceBuffer? { nil }
    var states: [SequenceBuffer] { [hidden] }
    var overwritten: [SequenceBuffer] { [] }
    var stateGradient: SequenceBuffer? { nil }
    func beginBackward(rows: Int) {}
}
