import DataParallel
import Reduction
import Testing

@Suite("A ledger of a step") struct StepLedgerTests {
    /// Ten examples per step on eight shards; the last step has four.
    private let plan = BatchPlan(examples: 24, batchSize: 10, shards: 8)

    private func ledger(step: Int) -> StepLedger {
        var ledger = StepLedger(shards: plan.shards, step: step)
        ledger.begin(of: plan)
        return ledger
    }

    @Test("is complete once each slot has its sum, and closes once")
    func complete() {
        var ledger = ledger(step: 0)
        for slot in 0..<8 {
            #expect(!ledger.isComplete)
            #expect(ledger.cover(slot..<slot + 1) == .new)
        }
        #expect(ledger.isComplete && ledger.isFull && ledger.missing.isEmpty)
        ledger.close()
        #expect(!ledger.isComplete && ledger.isFull)
        ledger.reopen()
        #expect(ledger.isComplete)
    }

    @Test("accepts no slot twice, whatever the ranges of the sums")
    func duplicates() {
        for first in 0..<8 {
            for end in first + 1...8 {
                for other in 0..<8 {
                    var ledger = ledger(step: 0)
                    #expect(ledger.cover(first..<end) == .new)
                    let isTwice = (first..<end).contains(other)
                    #expect(ledger.cover(other..<other + 1) == (isTwice ? .duplicate : .new))
                }
            }
        }
    }

    @Test("does not wait for slots without examples, and lets sums span them")
    func empty() {
        var ledger = ledger(step: 2)
        #expect(ledger.empty.count == 4)
        #expect(ledger.missing.count == 4)
        #expect(ledger.slotsWithExamples(0..<8).count == 4)
        #expect(ledger.cover(0..<8) == .new)
        #expect(ledger.isComplete)
    }

    @Test("drops all sums if its step begins again")
    func anew() {
        var ledger = ledger(step: 0)
        _ = ledger.cover(0..<8)
        ledger.close()
        ledger.begin(of: plan)
        #expect(!ledger.isFull)
        #expect(ledger.missing.count == 8)
    }

    @Test("counts the steps, and how often the run has gone back")
    func steps() {
        var ledger = ledger(step: 2)
        ledger.advance()
        #expect(ledger.step == 3 && ledger.attempt == 0)
        for attempt in 1...300 {
            ledger.rewind(to: 1)
            #expect(ledger.step == 1 && ledger.attempt == UInt8(truncatingIfNeeded: attempt))
        }
    }
}
