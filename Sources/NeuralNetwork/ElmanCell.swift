import Kernels

/// The plain recurrent cell (Elman 1990): h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh).
///
/// The layer forms the sums; the cell is what happens to them. Shapes: N rows, H hidden values.
struct ElmanCell {
    let nonlinearity: Nonlinearity
    let kernels: any KernelSet.Type

    /// Turns the sums (N x H) into the hidden states, in place.
    func forward(_ sums: Vector) {
        switch nonlinearity {
        case .tanh: kernels.tanh(sums)
        case .relu: kernels.relu(sums)
        }
    }

    /// Turns the gradient by the hidden states (N x H) into that by the sums, in place.
    func backward(_ gradient: Vector, hidden: Vector) {
        switch nonlinearity {
        case .tanh: kernels.tanhBackward(gradient, output: hidden)
        case .relu: kernels.reluBackward(gradient, output: hidden)
        }
    }
}
