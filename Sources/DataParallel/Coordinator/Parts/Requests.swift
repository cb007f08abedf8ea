/// The sums that a member was asked for, and those that it still owes.
package struct Requests: Sendable {
    /// The last step that it was asked for; it holds the weights of that step.
    package private(set) var step: Int?
    /// The slots that it was asked for in that step, and those without examples.
    package private(set) var asked = SlotSet()
    /// The asked slots whose sums have not arrived.
    package private(set) var owed = SlotSet()
    /// The owed slots of each message.
    private var messages: [SlotSet] = []
    /// The number of messages that asked it in that step.
    private var count = 0
    /// When the last of these messages was sent.
    package private(set) var askedAt: Duration
    /// The most sums that can answer that step's requests, and those of the step before in which it was asked.
    private var sums = 0
    private var earlierSums = 0
    /// The sums from before the last rewind that may still arrive.
    private var outdatedSums = 0
    /// What it was asked for in an earlier step that ended without it; a copy may still arrive.
    private var superseded: (step: Int, asked: SlotSet)?

    /// Starts without requests, for a member that joins now.
    package init(now: Duration) { askedAt = now }

    /// The slots that it still owes to `step`; nil if its last requests belong to another step.
    package func owed(to step: Int) -> SlotSet? { self.step == step ? owed : nil }

    /// The slots that it was asked for in `step`, if an answer may still arrive; nil otherwise.
    package func asked(in step: Int) -> SlotSet? {
        self.step == step ? asked : superseded?.step == step ? superseded?.asked : nil
    }

    /// Whether it has room for another request of `step`: not while it computes an earlier step, nor with too
    /// many unanswered messages.
    package func hasRoom(in step: Int) -> Bool {
        owed.isEmpty || self.step == step && messages.count < Limits.mostRequests
    }

    /// Whether one message held all its requests of the step.
    package var isOne: Bool { count == 1 }

    /// The most sums that may still arrive in answer to its requests.
    package var mostSums: Int { sums + earlierSums }

    /// Begins a step, before its first request.
    package mutating func begin(step: Int, empty: SlotSet) {
        self.step = step
        asked = empty
        (earlierSums, sums, count) = (sums, 0, 0)
    }

    /// Records a message that asks for `slots`; at most `count` sums answer it.
    package mutating func ask(_ slots: SlotSet, sums count: Int, now: Duration) {
        asked.formUnion(slots)
        owed.formUnion(slots)
        messages.append(slots)
        sums += count
        self.count += 1
        askedAt = now
    }

    /// Records that slots are answered.
    package mutating func answer(_ slots: Range<Int>) {
        owed.remove(slots)
        for index in messages.indices { messages[index].remove(slots) }
        messages.removeAll(where: \.isEmpty)
    }

    /// Owes nothing any more.
    private mutating func excuse() {
        owed = SlotSet()
        messages = []
    }

    /// Stops expecting a copy for the superseded step, because a later answer arrived.
    package mutating func forgetSuperseded() { superseded = nil }

    /// Cancels what it owes to a step that has ended, so that it begins with `step` as soon as it can.
    ///
    /// A late member keeps its debt, and no member is excused a second time before it answers.
    package mutating func supersede(
        by step: Int, lateAfter: @autoclosure () -> Duration?, now: Duration
    ) {
        guard !owed.isEmpty, superseded == nil, let old = self.step, old != step,
            let lateAfter = lateAfter(), now - askedAt <= lateAfter
        else { return }
        superseded = (old, asked)
        excuse()
    }

    /// Voids all requests, because the run goes back.
    package mutating func void() {
        outdatedSums = owed.isEmpty && superseded == nil ? 0 : mostSums
        step = nil
        superseded = nil
        excuse()
    }

    /// Counts a sum from before the last rewind.
    ///
    /// - Returns: whether it was requested.
    package mutating func takeOutdated() -> Bool {
        guard outdatedSums > 0 else { return false }
        outdatedSums -= 1
        return true
    }

    /// Forgets its answers in the current step, but not what it still computes.
    package mutating func forgetAnswers(empty: SlotSet) {
        asked = empty
        asked.formUnion(owed)
    }

    /// Does not count a pause of the coordinator as lateness.
    package mutating func forgive(_ gap: Duration, now: Duration) {
        askedAt = min(now, askedAt + gap)
    }
}
