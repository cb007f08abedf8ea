import Reduction

/// The step under way, and the slots of the reduction tree that it has the sums of.
package struct StepLedger: Sendable {
    /// What a sum adds to the step.
    package enum Cover: Equatable, Sendable {
        /// Its slots had no sum before: it is added.
        case new
        /// Some of its slots have their sum already.
        case duplicate
    }

    private let shards: Int
    /// The steps made; also the number of the step under way.
    package private(set) var step: Int
    /// How often the run has gone back, modulo 256; the answers to requests made before are void.
    package private(set) var attempt: UInt8 = 0
    /// Whether slots may be left that nobody owes, because nobody could be asked for them.
    package var hasOrphans = false
    private var covered: SlotSet
    /// The slots without examples in this step: they never have a sum, and nobody is asked for one.
    package private(set) var empty: SlotSet
    /// Whether the update of the step has been asked for.
    private var isClosed = false

    /// The ledger of a run that has made `step` steps, before the next one begins.
    package init(shards: Int, step: Int) {
        self.shards = shards
        self.step = step
        covered = SlotSet(limit: shards)
        empty = covered
    }

    /// The step begins, perhaps anew.
    package mutating func begin(of plan: BatchPlan) {
        isClosed = false
        empty = SlotSet(limit: shards)
        // Positions are assigned to the shards in turns.
        if plan.positions(ofStep: step).count < shards {
            for slot in 0..<shards {
                let leaf = TreeNode(leafAtSlot: slot, shards: shards)
                guard plan.examples(under: leaf, step: step) == 0 else { continue }
                empty.insert(slot..<slot + 1)
            }
        }
        covered = empty
    }

    /// Whether all slots have their sum.
    package var isFull: Bool { covered.contains(0..<shards) }

    /// The slots that have no sum.
    package var missing: SlotSet { SlotSet(0..<shards, limit: shards).subtracting(covered) }

    /// The slots with examples of a range.
    package func slotsWithExamples(_ range: Range<Int>) -> SlotSet {
        SlotSet(range, limit: shards).subtracting(empty)
    }

    /// Takes note of a sum.
    package mutating func cover(_ slots: Range<Int>) -> Cover {
        if covered.subtracting(empty).intersects(slots) { return .duplicate }
        covered.insert(slots)
        return .new
    }

    /// Whether the step can be closed: all slots have their sum.
    package var isComplete: Bool { !isClosed && isFull }

    /// Closes the step: its update follows.
    package mutating func close() { isClosed = true }

    /// The update could not be made.
    package mutating func reopen() { isClosed = false }

    /// The update is made: the next step follows.
    package mutating func advance() { step += 1 }

    /// The run goes back to the state after `step` steps.
    package mutating func rewind(to step: Int) {
        self.step = step
        attempt &+= 1
    }
}
