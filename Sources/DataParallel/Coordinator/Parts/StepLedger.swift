import Reduction

/// The current step, and the slots of the reduction tree whose sums have arrived.
package struct StepLedger: Sendable {
    /// Whether a sum is new to the step.
    package enum Cover: Equatable, Sendable {
        /// None of its slots had a sum: it is added.
        case new
        /// Some of its slots already have a sum.
        case duplicate
    }

    private let shards: Int
    /// The number of completed steps, which is also the number of the current step.
    package private(set) var step: Int
    /// The number of rewinds, modulo 256; answers to requests from earlier attempts are void.
    package private(set) var attempt: UInt8 = 0
    /// Whether some slots may be owed by no member, because no member could be asked.
    package var hasOrphans = false
    private var covered: SlotSet
    /// The number of covered slots, which would take long to count after every sum.
    private var coveredCount = 0
    /// The slots without examples in this step: they have no sum, and no member is asked for one.
    package private(set) var empty: SlotSet
    /// Whether the step's update has been requested.
    private var isClosed = false

    /// The ledger of a run after `step` steps, before the next one begins.
    package init(shards: Int, step: Int) {
        self.shards = shards
        self.step = step
        covered = SlotSet()
        empty = covered
    }

    /// Begins or restarts the step.
    package mutating func begin(of plan: BatchPlan) {
        isClosed = false
        empty = SlotSet()
        // Positions go to the shards round-robin, so only a batch smaller than the shard count leaves slots
        // empty.
        if plan.positions(ofStep: step).count < shards {
            for slot in 0..<shards {
                let leaf = TreeNode(leafAtSlot: slot, shards: shards)
                guard plan.examples(under: leaf, step: step) == 0 else { continue }
                empty.insert(slot..<slot + 1)
            }
        }
        covered = empty
        coveredCount = empty.count
    }

    /// Whether all slots have a sum.
    package var isFull: Bool { coveredCount == shards }

    /// The slots that have no sum.
    package var missing: SlotSet { SlotSet(0..<shards).subtracting(covered) }

    /// The slots of a range that have examples.
    package func slotsWithExamples(_ range: Range<Int>) -> SlotSet {
        SlotSet(range).subtracting(empty)
    }

    /// Records a sum.
    package mutating func cover(_ slots: Range<Int>) -> Cover {
        if covered.intersects(slots, except: empty) { return .duplicate }
        coveredCount += slots.count - covered.count(in: slots)
        covered.insert(slots)
        return .new
    }

    /// Whether the step can be closed: it is open and all slots have a sum.
    package var isComplete: Bool { !isClosed && isFull }

    /// Closes the step before its update.
    package mutating func close() { isClosed = true }

    /// Reopens the step, because its update could not be made.
    package mutating func reopen() { isClosed = false }

    /// Advances to the next step after the update.
    package mutating func advance() { step += 1 }

    /// Goes back to the state after `step` steps.
    package mutating func rewind(to step: Int) {
        self.step = step
        attempt &+= 1
    }
}
