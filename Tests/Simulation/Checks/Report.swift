/// The result of a simulated run.
package struct Report: Sendable {
    package let seed: UInt64
    /// The first violation; nil if there is none.
    package var violation: String?
    /// The steps of the finished run, and those repeated after a coordinator's restart.
    package var steps = 0
    package var repeated = 0
    /// The number of events handled.
    package var events = 0
    /// The virtual duration of the run.
    package var duration: Duration = .zero
    /// How often each kind of fault occurred.
    package var faults: [String: Int] = [:]
    /// The number of coordinators started.
    package var sessions = 0
    /// The number of falsified answers, and how often one was detected.
    package var lies = 0
    package var found = 0
    /// The hosts whose workers were caught.
    package var foundHosts: Set<String> = []
    /// The first step whose weights differ from those of honest workers; nil if none do.
    package var firstWrongStep: Int?
    /// The first step that the run reports as doubtful, because only a liar and one other worker confirmed sums.
    package var doubtedFromStep: Int?
    /// The time of each step, repeated ones included.
    package var stepTimes: [Duration] = []
    /// The slots of each worker in the last event about them, and the number of such events.
    package var shares: [String: Int] = [:]
    package var shareChanges = 0
    package var maxima = Maxima()
}

/// The maxima of quantities that must be bounded.
package struct Maxima: Sendable {
    /// The messages in flight in one direction of a connection.
    package var inFlight = 0
    /// The events that waited for a stopped process.
    package var backlog = 0
    /// The values that a machine, or the sums of a step, held.
    package var stored = 0

    /// Takes the larger of each.
    package mutating func merge(_ other: Maxima) {
        inFlight = max(inFlight, other.inFlight)
        backlog = max(backlog, other.backlog)
        stored = max(stored, other.stored)
    }
}
