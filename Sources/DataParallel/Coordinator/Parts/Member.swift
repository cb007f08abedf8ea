import Keys
import Protocol

/// A worker that has joined.
package struct Member<Peer: Hashable & Sendable>: Sendable {
    package let peer: Peer
    /// Whose credential it holds; nil where none is needed.
    package let caller: AllowedWorker?
    /// Who it is: those of the same identity are one worker where somebody else is to check.
    package let identity: WorkerIdentity
    package let name: String

    /// Its examples.
    var data: ResidentData
    /// What it owes.
    var requests: Requests
    /// Its part of each step.
    var share: Share
    /// What it may say without paying for it.
    var demands = Demands()
    /// What it last said of itself, and when.
    var status: (WorkerStatus, at: Duration)?
    /// When anything came from it.
    var heardAt: Duration
    /// When it last brought its work forward: was asked, fetched data or sent a sum.
    var progressAt: Duration
    /// How late it is.
    var lateness = Lateness()
    /// What has been dropped of its messages.
    var dropped = 0
    /// How many of its sums another member has computed too, with the same bits.
    var confirmed = 0

    init(
        _ peer: Peer, _ caller: AllowedWorker?, _ identity: WorkerIdentity, name: String,
        limit: Int, now: Duration
    ) {
        self.peer = peer
        self.caller = caller
        self.identity = identity
        self.name = name
        data = ResidentData(limit: limit)
        requests = Requests(limit: limit, now: now)
        share = Share(limit: limit)
        (progressAt, heardAt) = (now, now)
    }

    /// What a member computes in each step.
    struct Share: Sendable {
        /// The slots.
        var slots: SlotSet
        /// Those that the log has told.
        var told: SlotSet?
        /// How long it takes for a slot of late, and did when shares were last fitted to that.
        var pace = Pace()
        var slotTime: Duration?
        /// Where it is too slow for any share: when it is tried again.
        var standby: Standby?

        init(limit: Int) { slots = SlotSet(limit: limit) }
    }

    /// What is known of a member that is late.
    struct Lateness: Sendable {
        /// When it was last asked what it does.
        var probedAt: Duration = .zero
        /// Whether the log has told that it is late with what it owes.
        var isTold = false
        var times = 0
    }

    /// Whether it has its data, and so takes part.
    var isReady: Bool { data.isReady }

    /// Whether it is left out, being too slow for any share.
    var isOnStandby: Bool { share.standby != nil }

    /// Whether it owes nothing, and could compute.
    var isIdle: Bool { isReady && requests.owed.isEmpty }

    /// Whether it can be asked for sums of a step.
    func canBeAsked(in step: Int) -> Bool { isReady && requests.hasRoom(in: step) }

    /// It is asked for slots of a step in a message, which make `sums` sums at most.
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

    /// Notes how long it took for what it was asked for, if that was its share.
    mutating func notePace(_ time: Duration, empty: SlotSet) {
        guard !share.slots.isEmpty, requests.asked == share.slots.union(empty) else { return }
        share.pace.note(time, slots: share.slots.count)
    }

    /// The coordinator stood still: the member is not late for that time.
    mutating func forgive(_ gap: Duration, now: Duration) {
        requests.forgive(gap, now: now)
        progressAt = min(now, progressAt + gap)
        heardAt = min(now, heardAt + gap)
    }
}
