/// Measures how long a session's first step waits for members to fetch their data.
package struct StartClock: Sendable {
    /// When fetching began.
    private var distributingSince: Duration?
    /// When enough members had their data.
    private var enoughReadySince: Duration?

    package init() {}

    /// Members are told to fetch their data.
    package mutating func distribute(_ now: Duration) {
        distributingSince = distributingSince ?? now
    }

    /// Too few have their data.
    package mutating func lack() { enoughReadySince = nil }

    /// Enough have their data: how long they have waited for the others, and whether that is enough.
    ///
    /// The others have as long again as these took, and `patience` at least. The wait does not begin anew with who
    /// comes and goes.
    package mutating func wait(
        _ now: Duration, patience: Duration
    ) -> (waited: Duration, isOver: Bool) {
        let since = enoughReadySince ?? now
        enoughReadySince = since
        let limit = max(patience, since - (distributingSince ?? since))
        return (now - since, now - since >= limit)
    }
}
