import Kernels

/// The groups of a pass's rows, with what each of them skips; there is room for a fixed number.
struct RowGroups {
    /// Rows that skip the same inputs.
    struct Group {
        var rows: Range<Int>
        var blanks: BlankColumns
    }

    private var groups: [Group]
    private var count = 0

    /// No groups, but room for `capacity` of them.
    init(capacity: Int, timeSteps: Int, width: Int) {
        // Each has its own memory, so that no pass copies any.
        groups = (0..<capacity).map { _ in
            Group(rows: 0..<0, blanks: BlankColumns(timeSteps: timeSteps, width: width))
        }
    }

    /// The groups of the pass.
    var all: ArraySlice<Group> { groups[..<count] }

    /// Forgets the groups of the last pass.
    mutating func removeAll() { count = 0 }

    /// Adds a group, which skips what `find` finds.
    mutating func add(_ rows: Range<Int>, skipping find: (inout BlankColumns) -> Void) {
        precondition(count < groups.count, "more groups than the network has room for")
        groups[count].rows = rows
        find(&groups[count].blanks)
        count += 1
    }

    /// The group that a part of the rows belongs to.
    func index(of part: Range<Int>) -> Int {
        all.firstIndex { $0.rows.contains(part.lowerBound) } ?? 0
    }

    subscript(index: Int) -> Group { groups[index] }
}
