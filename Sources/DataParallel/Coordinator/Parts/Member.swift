import Keys
import Protocol

/// A worker that has joined.
package struct Member<Peer: Hashable & Sendable>: Sendable {
    package let peer: Peer
    /// The credential that it holds; nil if none is required.
    package let caller: AllowedWorker?
    /// Its identity: members with the same identity count as one worker and cannot audit each other.
    package let identity: WorkerIdentity
    package let name: String
    /// How many threads of it compute.
    let lanes: Int

    /// The examples that it holds and may fetch.
    var data = ResidentData()
    /// The sums that it owes.
    var requests: Requests
    /// Its slots in each step.
    var share = Share()
    /// Its unanswered requests, whose answers cost no tokens.
    var demands = Demands()
    /// Its last status, and when it arrived.
    var status: (WorkerStatus, at: Duration)?
    /// When its last message of any kind arrived.
    var heardAt: Duration
    /// When it last made progress: was asked, fetched data or sent a sum.
    var progressAt: Duration
    /// Its state as a straggler.
    var lateness = Lateness()
    /// How many of its messages were dropped.
    var dropped = 0
    /// How many of its sums another member confirmed with the same bits.
    var confirmed = 0

    init(
        _ peer: Peer, _ caller: AllowedWorker?, _ identity: WorkerIdentity, name: String,
        lanes: Int, now: Duration
    ) {
        self.peer = peer
        self.caller = caller
        self.identity = identity
        self.name = name
        self.lanes = lanes
        requests = Requests(now: now)
        (progressAt, heardAt) = (now, now)
    }

    /// A member's slots in each step, and its speed.
    struct Share: Sendable {
        /// The slots.
        var slots = SlotSet()
        /// The slots last written to the log.
        var reported: SlotSet?
        /// Its recent time per slot, and the time per slot when shares were last fitted.
        var pace = Pace()
        var slotTime: Duration?
        /// When it is probed again, if it is too slow for any share.
        var standby: Standby?
    }

    /// What is known of a late member.
    struct Lateness: Sendable {
        /// When it was last asked for its status.
        var probedAt: Duration = .zero
        /// Whether the log already reports it as late with its current requests.
        var isTold = false
        var times = 0
    }

    /// Whether it has its data and takes part.
    var isReady: Bool { data.isReady }

    /// Whether it is too slow for any share.
    var isOnStandby: Bool { share.standby != nil }

    /// Whether it is ready and owes nothing.
    var isIdle: Bool { isReady && requests.owed.isEmpty }

    /// Whether it can be asked for sums of a step.
    func canBeAsked(in step: Int) -> Bool { isReady && requests.hasRoom(in: step) }

    /// Records a message that asks for slots of a step; at most `sums` sums answer it.
    ///
    /// - Returns: whether it is the first message of the step.
    mutating func ask(
        _ slots: SlotSet, sums: Int, step: Int, empty: SlotSet, now: Duration
    ) -> Bool {
        let isFirst = requests.step != step
        if isFirst {
            demands.begin(earlierSums: requests.mostSums)
            requests.begin(step: step, empty: empty)
        }
        data.entitle(slots)
        requests.ask(slots.subtracting(empty), sums: sums, now: now)
        demands.ask(sums: sums)
        progressAt = now
        lateness.isTold = false
        return isFirst
    }

    /// Records the time of an answer, if the request was exactly the member's share.
    mutating func notePace(_ time: Duration, empty: SlotSet) {
        guard !share.slots.isEmpty, requests.asked == share.slots.union(empty) else { return }
        share.pace.note(time, slots: share.slots.count)
    }

    /// Does not count a pause of the coordinator as the member's lateness.
    mutating func forgive(_ gap: Duration, now: Duration) {
        requests.forgive(gap, now: now)
        progressAt = min(now, progressAt + gap)
        heardAt = min(now, heardAt + gap)
    }
}
