/// Decides how many slots each member computes: equally many, until some are measured to be slower.
///
/// Sizes change only for a member that is clearly slower than others, and where the step is promised to
/// become a quarter shorter, and a millisecond; so workers that are alike keep equal shares, whatever their
/// times do. After each change it is longer until they are looked at again. Where one did not keep its promise, as where all share one processor, sizes stay until
/// somebody comes or goes; but a member that is late beyond all measure is still left out.
package struct ShareSizes: Sendable {
    /// What was measured of a member: the slots of its share, and how long it takes for one.
    package struct Sample: Sendable {
        package let slots: Int
        package let timePerSlot: Duration

        /// What was measured of a member with at least one slot.
        package init(slots: Int, timePerSlot: Duration) {
            self.slots = slots
            self.timePerSlot = timePerSlot
        }

        /// How long it takes for its share.
        package var time: Duration { timePerSlot * slots }
    }

    private static let leastGain = Duration.milliseconds(1)
    /// How many times longer for a slot than others a member takes that is slower, and not only unlucky.
    private static let leastRatio = 1.4
    private static let longestInterval = 1024

    /// The first step finds nothing measured.
    private static let firstWait = Pace.count + 1

    private var interval = Pace.count
    private var wait = Self.firstWait
    private var promise: (before: Duration, after: Duration)?
    private var isSettled = false

    /// Nothing measured so far.
    package init() {}

    /// Somebody has come or gone: what was learnt of those who were here before may not hold.
    package mutating func forget() {
        let wait = min(wait, Self.firstWait)
        self = Self()
        self.wait = wait
    }

    /// Whether it is time to look at what was measured; to be asked once a step.
    package mutating func isDue() -> Bool {
        wait -= 1
        guard wait <= 0 else { return false }
        wait = interval
        return true
    }

    /// Sizes that sum up to as much as now and make the step shorter; nil where there is nothing to gain.
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

    /// The sizes with which members that take so long for a slot are done first.
    package static func sizes(_ total: Int, _ times: [Duration]) -> [Int] {
        var sizes = times.map { _ in 0 }
        for _ in 0..<total {
            let next = times.indices.min { left, right in
                times[left] * (sizes[left] + 1) < times[right] * (sizes[right] + 1)
            }
            if let next { sizes[next] += 1 }
        }
        return sizes
    }
}
