/// What a member was asked to compute, and what of it it still owes.
package struct Requests: Sendable {
    /// The last step that it was asked for sums of; it has the weights of that step.
    package private(set) var step: Int?
    /// The slots that it was asked for in that step, or that have no examples in it.
    package private(set) var asked: SlotSet
    /// Those of them that it has sent no sum of yet.
    package private(set) var owed: SlotSet
    /// The same, message by message.
    private var messages: [SlotSet] = []
    /// The messages in which it was asked in that step.
    private var count = 0
    /// When it was asked for the last of them.
    package private(set) var askedAt: Duration
    /// The most sums with which it can answer what it was asked for in that step, and in the last step before
    /// that it was asked in.
    private var sums = 0
    private var earlierSums = 0
    /// The sums of before the run went back that may still come.
    private var outdatedSums = 0
    /// What it was asked for in an earlier step that ended without it, of which a copy may come.
    private var superseded: (step: Int, asked: SlotSet)?

    /// Nothing so far, of a member that joins now.
    package init(limit: Int, now: Duration) {
        asked = SlotSet(limit: limit)
        owed = asked
        askedAt = now
    }

    /// The slots that it still owes to a step; nil where it owes to an earlier one.
    package func owed(to step: Int) -> SlotSet? { self.step == step ? owed : nil }

    /// The slots that it was asked for in a step of which an answer may come.
    package func asked(in step: Int) -> SlotSet? {
        self.step == step ? asked : superseded?.step == step ? superseded?.asked : nil
    }

    /// Whether it has room for another request of a step: not while it computes for an earlier one, nor while it
    /// has too much to answer.
    package func hasRoom(in step: Int) -> Bool {
        owed.isEmpty || self.step == step && messages.count < Limits.mostRequests
    }

    /// Whether all that it was asked for in its step came in one message.
    package var isOne: Bool { count == 1 }

    /// The most sums that may still come of what it was asked for.
    package var mostSums: Int { sums + earlierSums }

    /// It is asked for the first time in a step.
    package mutating func begin(step: Int, empty: SlotSet) {
        self.step = step
        asked = empty
        (earlierSums, sums, count) = (sums, 0, 0)
    }

    /// It is asked for `slots` in a message, which make `count` sums at most.
    package mutating func ask(_ slots: SlotSet, sums count: Int, now: Duration) {
        asked.formUnion(slots)
        owed.formUnion(slots)
        messages.append(slots)
        sums += count
        self.count += 1
        askedAt = now
    }

    /// It has answered for slots.
    package mutating func answer(_ slots: SlotSet) {
        owed.subtract(slots)
        for index in messages.indices { messages[index].subtract(slots) }
        messages.removeAll(where: \.isEmpty)
    }

    /// An answer has come, so a copy of what it owed before is not to be expected.
    package mutating func forgetSuperseded() { superseded = nil }

    /// Lets it off what it owes to a step that has ended: it begins with `step` as soon as it can.
    ///
    /// But not one that is late itself, nor a second time before it has answered.
    package mutating func supersede(
        by step: Int, lateAfter: @autoclosure () -> Duration?, now: Duration
    ) {
        guard !owed.isEmpty, superseded == nil, let old = self.step, old != step,
            let lateAfter = lateAfter(), now - askedAt <= lateAfter
        else { return }
        superseded = (old, asked)
        answer(owed)
    }

    /// Voids all that it was asked for, because the run goes back.
    package mutating func void() {
        outdatedSums = owed.isEmpty && superseded == nil ? 0 : mostSums
        step = nil
        superseded = nil
        answer(owed)
    }

    /// A sum of before the run went back has come.
    ///
    /// - Returns: whether it was asked for.
    package mutating func takeOutdated() -> Bool {
        guard outdatedSums > 0 else { return false }
        outdatedSums -= 1
        return true
    }

    /// Forgets what it has answered in the step under way, but not what it still computes of it.
    package mutating func forgetAnswers(empty: SlotSet) {
        asked = empty
        asked.formUnion(owed)
    }

    /// The coordinator stood still: nobody is late for that time.
    package mutating func forgive(_ gap: Duration, now: Duration) {
        askedAt = min(now, askedAt + gap)
    }
}
