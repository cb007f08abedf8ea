/// Counts a member's unanswered requests; any message beyond them costs it tokens.
struct Demands: Sendable {
    /// The most unanswered pings: a hung worker gets one a second, and answers them all when it continues.
    private static let mostPings = 100

    private var pings = 0
    private var assignments = 0
    private var sums = 0

    mutating func ping() { pings = min(pings + 1, Self.mostPings) }

    mutating func assign() { assignments += 1 }

    /// Records a request that at most `count` sums answer.
    mutating func ask(sums count: Int) { sums += count }

    /// Begins a step: of earlier requests, at most `earlierSums` sums may still arrive.
    mutating func begin(earlierSums: Int) { sums = min(sums, earlierSums) }

    /// Counts a status; returns whether it answers a ping.
    mutating func answerPing() -> Bool { Self.take(&pings) }

    /// Counts a ready message; returns whether it answers an assignment.
    mutating func answerAssignment() -> Bool { Self.take(&assignments) }

    /// Whether a requested sum has not arrived.
    var awaitsSum: Bool { sums > 0 }

    /// Counts a sum; returns whether it was requested.
    mutating func answerRequest() -> Bool { Self.take(&sums) }

    private static func take(_ count: inout Int) -> Bool {
        guard count > 0 else { return false }
        count -= 1
        return true
    }
}
