import DataParallel
import Protocol
import Testing

@Suite("The ranges that a worker computes")
struct RangeQueueTests {
    private func work(step: Int, attempt: UInt8 = 0) -> WorkHeader {
        WorkHeader(step: step, attempt: attempt, ranges: SlotRanges(0..<8), checksum: 0)
    }

    @Test("are computed one at a time, in order")
    func order() {
        var queue = RangeQueue()
        #expect(queue.next == nil)
        queue.load(work(step: 3), [0..<2, 4..<8])
        #expect(queue.next == 0..<2)
        queue.begin()
        #expect(queue.computing == 3 && queue.next == nil && queue.first == 4..<8)
        #expect(queue.end(3) == true)
        #expect(queue.next == 4..<8)
    }

    @Test("are added only to their own step and attempt, and up to a limit")
    func adding() {
        var queue = RangeQueue()
        #expect(queue.add(work(step: 3), [0..<1], most: 8) == false)
        queue.load(work(step: 3, attempt: 1), [0..<1])
        #expect(queue.add(work(step: 2, attempt: 1), [1..<2], most: 8) == false)
        #expect(queue.add(work(step: 3), [1..<2], most: 8) == false)
        #expect(queue.add(work(step: 3, attempt: 1), [1..<2, 2..<3], most: 2) == false)
        #expect(queue.add(work(step: 3, attempt: 1), [1..<2, 2..<3], most: 3) == true)
    }

    @Test("have useless sums once another step has begun, or the run has gone back")
    func outdated() {
        var queue = RangeQueue()
        queue.load(work(step: 3), [0..<1])
        queue.begin()
        queue.load(work(step: 4), [0..<1])
        #expect(queue.end(3) == false)
        queue.begin()
        // The same step, repeated after the run went back.
        queue.load(work(step: 4, attempt: 1), [0..<1])
        #expect(queue.end(4) == false)
        queue.begin()
        #expect(queue.end(4) == true)
    }

    @Test("are dropped with the run, while the lanes may still compute")
    func forgetting() {
        var queue = RangeQueue()
        queue.load(work(step: 3), [0..<1, 1..<2])
        queue.begin()
        queue.drop()
        #expect(queue.first == nil && queue.computing == 3)
        queue.forget()
        #expect(queue.step == nil && queue.computing == 3)
        queue.reset()
        #expect(queue.computing == nil)
    }
}
