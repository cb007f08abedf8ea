/// A member that is too slow for any share.
///
/// It is probed now and then with slots that another member computes too, and gets a share again once it is
/// fast.
struct Standby: Sendable {
    private static let probesToReturn = 3
    private static let firstInterval = Duration.seconds(10)
    private static let longestInterval = Duration.seconds(640)

    private let interval: Duration
    private var goodProbes = 0
    /// When it is probed next.
    private(set) var nextProbe: Duration

    /// Starts the `times`th standby; each one halves the rate of probes.
    init(times: Int, now: Duration) {
        let factor = 1 << min(max(times - 1, 0), 6)
        interval = min(Self.firstInterval * factor, Self.longestInterval)
        nextProbe = now + interval
    }

    /// Records a probe's time; returns whether the member gets a share again.
    mutating func note(_ time: Duration, limit: Duration, now: Duration) -> Bool {
        guard time <= limit else {
            goodProbes = 0
            nextProbe = now + interval
            return false
        }
        goodProbes += 1
        nextProbe = now + .seconds(1)
        return goodProbes >= Self.probesToReturn
    }
}
