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
    /// The hidden-side preactivations of the gates that keep the two sides separate, [L][N][...].
    var hiddenPreactivations: SequenceBuffer? { get }
    /// The hidden states, [L][N][H].
    var hidden: SequenceBuffer { get }
    /// The gradient with respect to the hidden states, [L][N][H]; the layer adds to it before
    /// `backward`.
    var gradient: SequenceBuffer { get }
    /// The states passed on to the next time step, the hidden states included, [L][N][H] each.
    var states: [SequenceBuffer] { get }
    /// The sequences of the forward pass that `backward` overwrites.
    var overwritten: [SequenceBuffer] { get }
    /// The gradient with respect to the other state passed on, at the current step, [N][H].
    var stateGradient: SequenceBuffer? { get }
    /// The gradient with respect to ``preactivations`` after `backward`; ``hiddenPreactivations``
    /// then hold their own.
    var preactivationGradients: SequenceBuffer { get }

    /// Turns the preactivations of a time step into its hidden states.
    ///
    /// - Parameter previous: the previous time step in reading direction; nil at the start.
    func forward(at time: Int, previous: Int?, rows: RowRange)

    /// Clears what an earlier backward pass carried along.
    func beginBackward(rows: Int)

    /// Turns the gradient with respect to a step's hidden states into that of its preactivations.
    func backward(at time: Int, previous: Int?, rows: RowRange)
}

extension RecurrentCell {
    var hiddenPreactivations: SequenceBuffer? { nil }
    var states: [SequenceBuffer] { [hidden] }
    var overwritten: [SequenceBuffer] { [] }
    var stateGradient: SequenceBuffer? { nil }
    func beginBackward(rows: Int) {}
}
