/// What a member was asked for and has not answered: what it says beyond that it pays for.
struct Demands: Sendable {
    /// The most pings that may be unanswered: a hung worker gets one a second, and answers them all when
    /// it goes on.
    private static let mostPings = 100

    private var pings = 0
    private var assignments = 0
    private var sums = 0

    mutating func ping() { pings = min(pings + 1, Self.mostPings) }

    mutating func assign() { assignments += 1 }

    /// It is asked for slots that make so many sums at most.
    mutating func ask(sums count: Int) { sums += count }

    /// It is asked for the first time in a step: of what it was asked before, so many sums may come.
    mutating func begin(earlierSums: Int) { sums = min(sums, earlierSums) }

    /// Takes note of a status, and says whether it answers a ping.
    mutating func answerPing() -> Bool { Self.take(&pings) }

    /// Takes note that it is ready, and says whether that answers an assignment.
    mutating func answerAssignment() -> Bool { Self.take(&assignments) }

    /// Takes note of a sum, and says whether it was asked for so many.
    mutating func answerRequest() -> Bool { Self.take(&sums) }

    private static func take(_ count: inout Int) -> Bool {
        guard count > 0 else { return false }
        count -= 1
        return true
    }
}
