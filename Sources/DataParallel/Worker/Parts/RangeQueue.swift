import Protocol

/// The ranges of slots that a worker computes, one at a time, with the weights of one step.
package struct RangeQueue: Sendable {
    /// The step whose weights are loaded.
    package private(set) var step: Int?
    /// How often the run had gone back, modulo 256, when the coordinator asked; answers repeat it.
    package private(set) var attempt: UInt8 = 0
    /// The ranges that wait.
    private var waiting: [Range<Int>] = []
    /// The step that the lanes compute.
    package private(set) var computing: Int?
    /// Whether the run has gone back since they began.
    private var isOutdated = false

    /// No work.
    package init() {}

    /// The range to compute next; nil while the lanes compute another.
    package var next: Range<Int>? { computing == nil && step != nil ? waiting.first : nil }

    /// The first range that waits, whether the lanes are free or not.
    package var first: Range<Int>? { waiting.first }

    /// The weights of a step have come, with the first ranges to compute.
    package mutating func load(_ work: WorkHeader, _ ranges: [Range<Int>]) {
        isOutdated = isOutdated || attempt != work.attempt
        (step, attempt, waiting) = (work.step, work.attempt, ranges)
    }

    /// Adds ranges of the step whose weights are loaded.
    ///
    /// - Parameter most: the most ranges that may wait; a coordinator asks for no more.
    /// - Returns: whether they are of that step, and not too many.
    package mutating func add(_ work: WorkHeader, _ ranges: [Range<Int>], most: Int) -> Bool {
        guard work.step == step, work.attempt == attempt, waiting.count + ranges.count <= most
        else { return false }
        waiting += ranges
        return true
    }

    /// The lanes begin with the next range.
    package mutating func begin() {
        waiting.removeFirst()
        (computing, isOutdated) = (step, false)
    }

    /// The lanes have computed a range of a step; whether its sums are of use.
    package mutating func end(_ step: Int) -> Bool {
        computing = nil
        return self.step == step && !isOutdated
    }

    /// Computes nothing after the range under way.
    package mutating func drop() { waiting = [] }

    /// The run is over for this worker; its lanes may still compute.
    package mutating func forget() { (step, waiting) = (nil, []) }

    /// The lanes are gone.
    package mutating func reset() {
        forget()
        computing = nil
    }
}
