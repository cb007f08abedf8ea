import Kernels

/// The first time steps of a pass, in which all rows of a group are still in the same states.
///
/// While all rows have read only zeros, such as the margin of a handwritten digit, their states
/// depend on the parameters alone. So one row stands for all: forward once per set of parameters,
/// and backward, in a row for each group, with the sum of its rows' gradients.
final class SharedPrefix {
    /// The cell, with a row for each group.
    let cell: any RecurrentCell
    /// The rows of all groups.
    let rows: RowRange
    private let kernels: any KernelSet.Type
    /// What backward passes overwrite, and a copy to restore it from.
    private let kept: [(states: SequenceBuffer, copy: SequenceBuffer)]
    /// The number of time steps, in reading direction, whose states are known.
    private var known = 0

    init(_ cell: any RecurrentCell, groups: Int, timeSteps: Int, kernels: any KernelSet.Type) {
        self.cell = cell
        rows = RowRange(0..<groups, of: groups)
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
            let copy = copy.row(0, of: 1, at: time)
            if isKnown {
                kernels.fillRows(states.step(time, rows), rows: rows.count, with: copy)
            } else {
                kernels.copy(states.row(0, of: rows.count, at: time), into: copy)
            }
        }
    }

    /// Clears the gradients with respect to the states of these time steps.
    ///
    /// A step's products take the rows of all groups, also of those that do not share it.
    func beginBackward(at times: some Sequence<Int>) {
        cell.beginBackward(rows: rows.count)
        for time in times { kernels.fill(cell.gradient.vector(time, rows), with: 0) }
    }

    /// Sums the gradients with respect to states that a group's rows of another such cell had in
    /// common.
    func gatherGradients(
        of cell: any RecurrentCell, at times: some Sequence<Int>, rows: RowRange, group: Int
    ) {
        for time in times {
            add(cell.gradient.step(time, rows), rows.count, into: self.cell.gradient, time, group)
        }
        guard let gradient = cell.stateGradient, let sum = self.cell.stateGradient else { return }
        add(gradient.step(0, rows), rows.count, into: sum, 0, group)
    }

    private func add(
        _ gradients: Matrix, _ count: Int, into sum: SequenceBuffer, _ time: Int, _ group: Int
    ) {
        kernels.addRows(
            gradients, into: sum.row(group, of: rows.count, at: time),
            ProductShape(rows: 1, columns: sum.width, depth: count))
    }
}
