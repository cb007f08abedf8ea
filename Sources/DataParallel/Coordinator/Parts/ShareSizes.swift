/// Decides how many slots each member computes: equal shares, until measurements show slower members.
///
/// Sizes change only if a member is clearly slower than the others and the step is predicted to become shorter
/// by a quarter and at least a millisecond. So workers of similar speed keep equal shares despite noise. Each
/// change doubles the interval to the next look. If a change does not keep its promise, as when all workers
/// share one processor, sizes stay until a member joins or leaves; but an extremely late member is still left
/// out.
package struct ShareSizes: Sendable {
    /// A member's measurement: the slots of its share, and its time per slot.
    package struct Sample: Sendable {
        package let slots: Int
        package let timePerSlot: Duration

        /// The measurement of a member with at least one slot.
        package init(slots: Int, timePerSlot: Duration) {
            self.slots = slots
            self.timePerSlot = timePerSlot
        }

        /// Its time for the whole share.
        package var time: Duration { timePerSlot * slots }
    }

    private static let leastGain = Duration.milliseconds(1)
    /// The ratio of times per slot above which a member is slower, not only unlucky.
    private static let leastRatio = 1.4
    private static let longestInterval = 1024

    /// One more than a pace needs, because the first step has no measurement.
    private static let firstWait = Pace.count + 1

    private var interval = Pace.count
    private var wait = Self.firstWait
    private var promise: (before: Duration, after: Duration)?
    private var isSettled = false

    /// Starts without measurements.
    package init() {}

    /// Forgets what was learnt of the earlier set of members, because it may no longer hold.
    package mutating func forget() {
        let wait = min(wait, Self.firstWait)
        self = Self()
        self.wait = wait
    }

    /// Whether to look at the measurements; called once a step.
    package mutating func isDue() -> Bool {
        wait -= 1
        guard wait <= 0 else { return false }
        wait = interval
        return true
    }

    /// Sizes with the same total that make the step shorter; nil if there is nothing to gain.
    package mutating func change(_ samples: [Sample]) -> [Int]? {
        guard samples.count > 1, let last = samples.max(by: { $0.time < $1.time }) else {
            return nil
        }
        let slowest = last.time
        if let promise, slowest > (promise.before + promise.after) / 2 { isSettled = true }
        promise = nil
        let total = samples.reduce(0) { $0 + $1.slots }
        let sizes = Self.sizes(total, samples.map(\.timePerSlot))
        let after = zip(sizes, samples).map { $1.timePerSlot * $0 }.max() ?? slowest
        let usual = samples.map(\.timePerSlot).sorted()[(samples.count - 1) / 2]
        guard slowest - after >= max(slowest / 4, Self.leastGain),
            last.timePerSlot >= usual * Self.leastRatio
        else { return nil }
        if isSettled {
            let usual = samples.map(\.time).sorted()[(samples.count - 1) / 2]
            let isLeftOut = zip(sizes, samples).contains { $0 == 0 && $1.time == slowest }
            guard isLeftOut, slowest > max(usual * 8, usual + .milliseconds(50)) else { return nil }
        }
        promise = (slowest, after)
        interval = min(interval * 2, Self.longestInterval)
        wait = interval
        return sizes
    }

    /// The sizes that finish a step first, given each member's time per slot.
    package static func sizes(_ total: Int, _ times: [Duration]) -> [Int] {
        let speeds = times.map { 1 / max($0 / .seconds(1), 1e-9) }
        let all = speeds.reduce(0, +)
        // If slots could be divided, all would finish at once; what that gives in whole slots is right.
        var sizes = speeds.map { Int(Double(total) * $0 / all) }
        for _ in 0..<total - sizes.reduce(0, +) {
            let next = sizes.indices.min { left, right in
                Double(sizes[left] + 1) / speeds[left] < Double(sizes[right] + 1) / speeds[right]
            }
            if let next { sizes[next] += 1 }
        }
        return sizes
    }
}
