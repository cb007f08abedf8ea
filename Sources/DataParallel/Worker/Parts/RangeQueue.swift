import Protocol

/// The queue of slot ranges that a worker computes, one at a time, with the weights of one step.
package struct RangeQueue: Sendable {
    /// The step whose weights are loaded.
    package private(set) var step: Int?
    /// The number of rewinds, modulo 256, when the coordinator requested the work; answers repeat it.
    package private(set) var attempt: UInt8 = 0
    /// The waiting ranges.
    private var waiting: [Range<Int>] = []
    /// The step that the lanes compute now.
    package private(set) var computing: Int?
    /// Whether the run has gone back since the lanes began.
    private var isOutdated = false

    /// Starts without work.
    package init() {}

    /// The range to compute next; nil while the lanes are busy.
    package var next: Range<Int>? { computing == nil && step != nil ? waiting.first : nil }

    /// The first waiting range, whether or not the lanes are busy.
    package var first: Range<Int>? { waiting.first }

    /// Loads a step with its first ranges; earlier waiting ranges are dropped.
    package mutating func load(_ work: WorkHeader, _ ranges: [Range<Int>]) {
        isOutdated = isOutdated || attempt != work.attempt
        (step, attempt, waiting) = (work.step, work.attempt, ranges)
    }

    /// Adds ranges of the loaded step.
    ///
    /// - Parameter most: the most ranges that may wait; a coordinator requests no more.
    /// - Returns: whether they belong to that step and fit.
    package mutating func add(_ work: WorkHeader, _ ranges: [Range<Int>], most: Int) -> Bool {
        guard work.step == step, work.attempt == attempt, waiting.count + ranges.count <= most
        else { return false }
        waiting += ranges
        return true
    }

    /// Starts the next range on the lanes.
    package mutating func begin() {
        waiting.removeFirst()
        (computing, isOutdated) = (step, false)
    }

    /// Ends a range of a step; returns whether its sums are useful.
    package mutating func end(_ step: Int) -> Bool {
        computing = nil
        return self.step == step && !isOutdated
    }

    /// Drops the waiting ranges; the current one continues.
    package mutating func drop() { waiting = [] }

    /// Forgets the run; the lanes may still compute.
    package mutating func forget() { (step, waiting) = (nil, []) }

    /// Forgets the run and the lanes.
    package mutating func reset() {
        forget()
        computing = nil
    }
}
