/// Some of the rows of a pass, one after another.
struct RowRange {
    let range: Range<Int>
    /// The number of rows of the whole pass.
    let total: Int

    var count: Int { range.count }

    init(_ range: Range<Int>, of total: Int) {
        self.range = range
        self.total = total
    }
}
