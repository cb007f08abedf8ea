import Kernels

/// The first time steps of a pass, in which all its rows are still in the same states.
///
/// While all rows have read only zeros, such as the margin of a handwritten digit, their states
/// depend on the parameters alone. So one row stands for all: forward once per set of parameters,
/// and backward with the sum of the rows' gradients.
final class SharedPrefix {
    /// The cell of the one row.
    let cell: any RecurrentCell
    private let kernels: any KernelSet.Type
    /// What backward passes overwrite, and a copy to restore it from.
    private let kept: [(states: SequenceBuffer, copy: SequenceBuffer)]
    /// The number of time steps, in reading direction, whose states are known.
    private var known = 0

    init(_ cell: any RecurrentCell, timeSteps: Int, kernels: any KernelSet.Type) {
        self.cell = cell
        self.kernels = kernels
        kept = cell.overwritten.map {
            ($0, SequenceBuffer(timeSteps: timeSteps, capacity: 1, width: $0.width))
        }
    }

    /// Discards all states: the parameters have changed.
    func reset() { known = 0 }

    /// Provides a step's states, from `compute` if they are not known; the earlier steps' must be.
    func provide(_ index: Int, at time: Int, _ compute: () -> Void) {
        let isKnown = index < known
        if !isKnown {
            compute()
            known = index + 1
        }
        for (states, copy) in kept {
            let (states, copy) = (states.vector(time, rows: 1), copy.vector(time, rows: 1))
            if isKnown {
                kernels.copy(copy, into: states)
            } else {
                kernels.copy(states, into: copy)
            }
        }
    }

    /// Sums the gradients with respect to states that the rows of another such cell had in common.
    func gatherGradients(of cell: any RecurrentCell, at times: some Sequence<Int>, rows: Int) {
        for time in times {
            add(cell.gradient.step(time, rows: rows), rows, into: self.cell.gradient, time)
        }
        guard let gradient = cell.stateGradient, let sum = self.cell.stateGradient else { return }
        add(gradient.step(0, rows: rows), rows, into: sum, 0)
    }

    private func add(_ gradients: Matrix, _ rows: Int, into sum: SequenceBuffer, _ time: Int) {
        kernels.addRows(
            gradients, into: sum.vector(time, rows: 1),
            ProductShape(rows: 1, columns: sum.width, depth: rows))
    }
}
