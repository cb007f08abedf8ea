/// A member that is too slow for any share: it is asked now and then for what another computes too, and gets
/// a share again once it is fast.
struct Standby: Sendable {
    private static let probesToReturn = 3
    private static let firstInterval = Duration.seconds(10)
    private static let longestInterval = Duration.seconds(640)

    private let interval: Duration
    private var goodProbes = 0
    /// When it is to be asked next.
    private(set) var nextProbe: Duration

    /// It is left out for the `times`th time: each time it is asked half as often.
    init(times: Int, now: Duration) {
        let factor = 1 << min(max(times - 1, 0), 6)
        interval = min(Self.firstInterval * factor, Self.longestInterval)
        nextProbe = now + interval
    }

    /// It has answered; whether it gets a share again.
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
