import Synchronization
import Testing
import ZeroMQ

@Suite("A background thread")
struct BackgroundThreadTests {
    /// Queues numbered work, urgent where `isUrgent` says so, and returns the order in which it runs.
    private func order(_ count: Int, isUrgent: @escaping (Int) -> Bool) async -> [Int] {
        let thread = BackgroundThread(name: "test")
        let (numbers, continuation) = AsyncStream<Int>.makeStream()
        for number in 0..<count {
            thread.perform(bytes: 1, isUrgent: isUrgent(number)) {
                continuation.yield(number)
                if number == count - 1 { continuation.finish() }
            }
        }
        return await numbers.reduce(into: []) { $0.append($1) }
    }

    @Test("does work in the order in which it comes, whatever is urgent")
    func order() async {
        for share in 1...5 {
            let order = await order(100) { $0 % share == 0 }
            #expect(order == Array(0..<100))
        }
    }

    @Test("does work that is not urgent without being urged")
    func other() async {
        // The last ones come while it pauses after the first one.
        for _ in 0..<3 { #expect(await order(3) { _ in false } == [0, 1, 2]) }
    }

    @Test("does all work before it ends")
    func end() async {
        let (numbers, continuation) = AsyncStream<Int>.makeStream()
        do {
            let thread = BackgroundThread(name: "test")
            for number in 0..<10 {
                thread.perform(isUrgent: false) {
                    continuation.yield(number)
                    if number == 9 { continuation.finish() }
                }
            }
        }
        #expect(await numbers.reduce(into: []) { $0.append($1) } == Array(0..<10))
    }

    @Test("counts the bytes of waiting work")
    func bytes() async {
        let thread = BackgroundThread(name: "test")
        let gate = Mutex(())
        await withCheckedContinuation { continuation in
            gate.withLock { _ in
                thread.perform(bytes: 3) { gate.withLock { _ in } }
                thread.perform(bytes: 4, isUrgent: false) {}
                #expect(thread.waitingBytes == 7)
            }
            thread.perform { continuation.resume() }
        }
        #expect(thread.waitingBytes == 0)
    }
}
