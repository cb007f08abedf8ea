/// Measures how long a session's first step waits for members to fetch their data.
package struct StartClock: Sendable {
    /// When members began to fetch.
    private var distributingSince: Duration?
    /// When enough members had their data.
    private var enoughReadySince: Duration?

    package init() {}

    /// Records that members are told to fetch their data.
    package mutating func distribute(_ now: Duration) {
        distributingSince = distributingSince ?? now
    }

    /// Records that too few members have their data.
    package mutating func lack() { enoughReadySince = nil }

    /// Enough members have their data: returns how long they have waited for the others, and whether the wait
    /// is over.
    ///
    /// The others get as much time again as the first took, and at least `patience`. Members that join or leave
    /// do not restart the wait.
    package mutating func wait(
        _ now: Duration, patience: Duration
    ) -> (waited: Duration, isOver: Bool) {
        let since = enoughReadySince ?? now
        enoughReadySince = since
        let limit = max(patience, since - (distributingSince ?? since))
        return (now - since, now - since >= limit)
    }
}
