import Kernels

/// The columns that are zero in all rows of a group, such as the margin of handwritten digits.
///
/// The product of a zero adds nothing to a sum. So these zeros are skipped, and no bit changes.
struct BlankColumns {
    /// For each time step, the columns outside which all rows are zero.
    private(set) var occupied: [Range<Int>]

    /// The number of time steps at the start, and at the end, in which all rows are zero.
    private(set) var leading = 0
    private(set) var trailing = 0

    private let width: Int

    /// No blank columns around sequences of rows of `width` values.
    init(timeSteps: Int, width: Int) {
        self.width = width
        occupied = Array(repeating: 0..<width, count: timeSteps)
    }

    /// Finds the blank columns of a sequence's rows.
    mutating func find(in sequence: SequenceBuffer, rows: RowRange, kernels: any KernelSet.Type) {
        for time in occupied.indices {
            occupied[time] = kernels.occupiedColumns(
                of: sequence.step(time, rows), rows: rows.count, columns: width)
        }
        leading = occupied.firstIndex { !$0.isEmpty } ?? occupied.count
        trailing = occupied.count - 1 - (occupied.lastIndex { !$0.isEmpty } ?? -1)
    }

    /// Marks everything as occupied again.
    mutating func forget() {
        for time in occupied.indices { occupied[time] = 0..<width }
        (leading, trailing) = (0, 0)
    }

    /// The columns outside which all rows are zero in all time steps.
    var columns: Range<Int> {
        let used = occupied.lazy.filter { !$0.isEmpty }
        return (used.map(\.lowerBound).min() ?? 0)..<(used.map(\.upperBound).max() ?? 0)
    }

    /// The time steps outside which all rows are zero.
    var times: Range<Int> {
        let first = occupied.firstIndex { !$0.isEmpty } ?? 0
        let last = occupied.lastIndex { !$0.isEmpty } ?? first - 1
        return first..<last + 1
    }
}
