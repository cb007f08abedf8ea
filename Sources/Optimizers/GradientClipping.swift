import Kernels

/// Scales gradients so that their global norm is at most `limit`, as `clip_grad_norm_` does.
///
/// - Returns: the norm before the clipping, infinite or NaN if a gradient is.
@discardableResult
public func clipNorm(
    _ gradients: FloatBuffer, to limit: Double, kernels: any KernelSet.Type
) -> Double {
    let norm = kernels.sumOfSquares(gradients.vector).squareRoot()
    // PyTorch adds 1e-6 so that a norm of zero does not divide by zero.
    let factor = limit / (norm + 1e-6)
    if factor < 1 { kernels.scale(gradients.vector, by: Float(factor)) }
    return norm
}
