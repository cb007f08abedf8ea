/// The parts of a lane's step, in order.
package enum StepPhase: Int, CaseIterable, Sendable {
    /// Sets the inputs.
    case convert
    /// Computes the logits.
    case forward
    /// Computes the losses, and their gradients with respect to the logits.
    case loss
    /// Propagates the gradients back.
    case backward
    /// Computes the parameters' gradients, a shard at a time.
    case parameterGradients
    /// Adds the shards' gradients.
    case reduce
}
