import Foundation
import Glibc
import Synchronization
import Testing
import ZeroMQ

/// An actor that runs on an event loop's thread and counts.
private actor Counter {
    nonisolated let thread: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private(set) var count = 0

    init(thread: EventLoop) { self.thread = thread }

    func increment() { count += 1 }
    var isOnThread: Bool { thread.isIsolatingCurrentContext() == true }

    /// Runs `body` on the thread, where sources and timers must be set up.
    func run<Result: Sendable>(_ body: @Sendable (isolated Counter) -> Result) -> Result {
        body(self)
    }
}

/// A pipe that closes with its last reference; the handlers that read it must keep one.
private final class TestPipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32
    private let isOpenForWriting = Atomic(true)

    init() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    func closeWriteEnd() {
        if isOpenForWriting.exchange(false, ordering: .relaxed) { close(writeEnd) }
    }

    func write(_ byte: UInt8) {
        #expect(withUnsafeBytes(of: byte) { Glibc.write(writeEnd, $0.baseAddress, 1) } == 1)
    }

    /// The next byte, or nil at the end.
    func read() -> UInt8? {
        var byte: UInt8 = 0
        return Glibc.read(readEnd, &byte, 1) == 1 ? byte : nil
    }
}

@Suite("An event loop") struct EventLoopTests {
    @Test("runs the jobs of its actors", .timeLimit(.minutes(5)))
    func runsActors() async throws {
        try await withThread { thread in
            #expect(await Counter(thread: thread).isOnThread)
            #expect(thread.isIsolatingCurrentContext() == false)
        }
    }

    @Test("runs the tasks that prefer it", .timeLimit(.minutes(5)))
    func runsTasks() async throws {
        try await withThread { thread in
            let task = Task(executorPreference: thread) {
                let before = thread.isIsolatingCurrentContext()
                await Task.yield()
                return [before, thread.isIsolatingCurrentContext()]
            }
            #expect(await task.value == [true, true])
        }
    }

    @Test("runs all jobs from any number of tasks", .timeLimit(.minutes(5)))
    func runsAllJobs() async throws {
        try await withThread { thread in
            let counter = Counter(thread: thread)
            await withTaskGroup { group in
                for _ in 0..<100 {
                    group.addTask { for _ in 0..<100 { await counter.increment() } }
                }
            }
            #expect(await counter.count == 10_000)
        }
    }

    @Test("calls a handler inside its actor when a descriptor is readable", .timeLimit(.minutes(5)))
    func callsHandlers() async throws {
        try await withThread { thread in
            let pipe = TestPipe()
            let calls = Mailbox<UInt8?>()
            await Counter(thread: thread).run { counter in
                thread.attach(fileDescriptor: pipe.readEnd) { [counter] in
                    counter.assumeIsolated { $0.increment() }
                    calls.put(pipe.read())
                }
            }
            for byte: UInt8 in 1...3 { pipe.write(byte) }
            let bytes = try await calls.next(3)
            #expect(bytes == [1, 2, 3])
        }
    }

    @Test("calls a handler when the other end of a pipe closes", .timeLimit(.minutes(5)))
    func noticesEndOfFile() async throws {
        try await withThread { thread in
            let pipe = TestPipe()
            let calls = Mailbox<UInt8?>()
            await Counter(thread: thread).run { _ in
                thread.attach(fileDescriptor: pipe.readEnd) {
                    calls.put(pipe.read())
                    thread.detach(fileDescriptor: pipe.readEnd)
                }
            }
            pipe.closeWriteEnd()
            let byte = try await calls.next()
            #expect(byte == nil)
        }
    }

    @Test("serves its descriptors while jobs create new jobs", .timeLimit(.minutes(5)))
    func isFair() async throws {
        try await withThread { thread in
            let pipe = TestPipe()
            let busy = Task(executorPreference: thread) {
                while !Task.isCancelled { await Task.yield() }
            }
            await Counter(thread: thread).run { _ in
                thread.attach(fileDescriptor: pipe.readEnd) {
                    thread.detach(fileDescriptor: pipe.readEnd)
                    busy.cancel()
                }
            }
            pipe.write(1)
            await busy.value
        }
    }

    @Test("no longer calls a handler that another one has detached", .timeLimit(.minutes(5)))
    func detachesInHandler() async throws {
        try await withThread { thread in
            let pipes = [TestPipe(), TestPipe()]
            let calls = Mailbox<Int?>()
            await Counter(thread: thread).run { _ in
                for (index, pipe) in pipes.enumerated() {
                    pipe.write(1)
                    thread.attach(fileDescriptor: pipe.readEnd) {
                        calls.put(index)
                        for pipe in pipes { thread.detach(fileDescriptor: pipe.readEnd) }
                        thread.schedule(after: .zero) { calls.put(nil) }
                    }
                }
            }
            // Both pipes were readable when the thread polled.
            let called = try await calls.next(2)
            #expect(called == [0, nil])
        }
    }

    @Test("fires timers in order of time, unless they are cancelled", .timeLimit(.minutes(5)))
    func firesTimers() async throws {
        try await withThread { thread in
            let calls = Mailbox<String>()
            await Counter(thread: thread).run { _ in
                // The timers are overdue from the start, so a pause between these lines does not matter.
                thread.schedule(after: .seconds(-100)) {
                    calls.put("second")
                    thread.schedule(after: .zero) { calls.put("last") }
                }
                let cancelled = thread.schedule(after: .seconds(-200)) {
                    calls.put("cancelled")
                }
                thread.schedule(after: .seconds(-300)) { calls.put("first") }
                thread.cancel(cancelled)
            }
            let order = try await calls.next(3)
            #expect(order == ["first", "second", "last"])
        }
    }

    @Test("repeats a timer until it is cancelled", .timeLimit(.minutes(5)))
    func ticks() async throws {
        try await withThread { thread in
            let ticks = Mailbox<Bool>()
            let counter = Counter(thread: thread)
            let token = await counter.run { _ in
                thread.schedule(after: .zero, repeatingEvery: .milliseconds(1)) {
                    ticks.put(thread.isIsolatingCurrentContext() == true)
                }
            }
            let first = try await ticks.next(5)
            #expect(first == [Bool](repeating: true, count: 5))
            await counter.run { _ in thread.cancel(token) }
        }
    }

    @Test("has no thread after it has stopped", .timeLimit(.minutes(5)))
    func stops() async throws {
        let thread = EventLoop(name: "to-be-stopped")
        let counter = Counter(thread: thread)
        await counter.increment()
        #expect(try runningThreads().contains("to-be-stopped"))
        async let once: Void = thread.stop()
        async let twice: Void = thread.stop()
        _ = await (once, twice)
        // The kernel wakes the joining thread just before it removes the ended one from its list.
        while try runningThreads().contains("to-be-stopped") { await Task.yield() }
    }

    @Test("releases its handlers when it stops", .timeLimit(.minutes(5)))
    func dropsHandlers() async {
        let thread = EventLoop(name: "dropping")
        weak var counter: Counter?
        do {
            let owner = Counter(thread: thread)
            counter = owner
            await owner.run { owner in
                _ = thread.schedule(after: .seconds(1000)) { [owner] in _ = owner }
            }
        }
        await thread.stop()
        #expect(counter == nil)
    }

    @Test("ends the process if a socket is used on another thread")
    func checksThread() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = try Socket(Context(), .dealer, on: EventLoop(name: "owner"))
        }
        #expect(result?.said("this must happen on thread owner") == true)
    }

    @Test("ends the process if it gets a job after its end")
    func refusesLateJobs() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let thread = EventLoop(name: "late")
            await thread.stop()
            await Counter(thread: thread).increment()
        }
        #expect(result?.said("thread late has been stopped") == true)
    }

    private func withThread(
        _ body: (EventLoop) async throws -> Void
    ) async throws {
        let thread = EventLoop(name: "test-thread")
        do {
            try await body(thread)
        } catch {
            await thread.stop()
            throw error
        }
        await thread.stop()
    }

    private func runningThreads() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").map { id in
            // Threads of other tests may end meanwhile.
            let name = try? String(contentsOfFile: "/proc/self/task/\(id)/comm", encoding: .utf8)
            return name?.trimmingCharacters(in: .newlines) ?? ""
        }
    }
}
