/// What a simulated run came to.
package struct Report: Sendable {
    package let seed: UInt64
    /// What went wrong first; nil if all is well.
    package var violation: String?
    /// The steps of the finished run, and those made again after a coordinator's restart.
    package var steps = 0
    package var repeated = 0
    /// The events handled.
    package var events = 0
    /// The virtual time that it took.
    package var duration: Duration = .zero
    /// How often each kind of fault struck.
    package var faults: [String: Int] = [:]
    /// The coordinators that were started.
    package var sessions = 0
    /// How many answers were spoilt, and how often that was found out.
    package var lies = 0
    package var found = 0
    /// The hosts whose workers were found out.
    package var foundHosts: Set<String> = []
    /// The first step whose weights are not those of honest workers; nil where all are.
    package var firstWrongStep: Int?
    /// The first step from which the run says that sums may be wrong which a liar and another agreed on.
    package var doubtedFromStep: Int?
    /// When each step was made, those made again included.
    package var stepTimes: [Duration] = []
    /// The slots of each worker as the log last told them, and how often it told any.
    package var shares: [String: Int] = [:]
    package var shareChanges = 0
    package var maxima = Maxima()
}

/// The most that there was at once of what must be bounded.
package struct Maxima: Sendable {
    /// Messages on their way in one direction of a connection.
    package var inFlight = 0
    /// Events that waited for a stopped process.
    package var backlog = 0
    /// Values that a machine, or the sums of a step, held.
    package var stored = 0

    /// The larger of each.
    package mutating func merge(_ other: Maxima) {
        inFlight = max(inFlight, other.inFlight)
        backlog = max(backlog, other.backlog)
        stored = max(stored, other.stored)
    }
}
