import Kernels

/// What all rows of a pass leave blank around their examples, such as the margin of handwritten digits.
///
/// The product of a zero adds nothing to a sum. So nothing is computed of these zeros, and all bits are
/// those that computing would give.
struct Margins {
    /// For each time step the columns outside which all rows hold zeros.
    private(set) var occupied: [Range<Int>]
    /// The columns outside which they do so in all time steps.
    private(set) var columns: Range<Int>
    /// The time steps outside which there is nothing at all.
    private(set) var times: Range<Int>

    private let width: Int

    /// No margins around sequences of rows of `width` values.
    init(timeSteps: Int, width: Int) {
        self.width = width
        columns = 0..<width
        times = 0..<timeSteps
        occupied = Array(repeating: columns, count: timeSteps)
    }

    /// Finds the margins of a sequence's rows.
    mutating func find(in sequence: SequenceBuffer, rows: Int, kernels: any KernelSet.Type) {
        for time in occupied.indices {
            occupied[time] = kernels.occupiedColumns(
                of: sequence.step(time, rows: rows), rows: rows, columns: width)
        }
        let first = occupied.firstIndex { !$0.isEmpty } ?? 0
        let last = occupied.lastIndex { !$0.isEmpty } ?? first - 1
        times = first..<last + 1
        let used = occupied[times].lazy.filter { !$0.isEmpty }
        columns = (used.map(\.lowerBound).min() ?? 0)..<(used.map(\.upperBound).max() ?? 0)
    }

    /// Counts everything as occupied again.
    mutating func forget() {
        columns = 0..<width
        times = occupied.indices
        for time in times { occupied[time] = columns }
    }
}
