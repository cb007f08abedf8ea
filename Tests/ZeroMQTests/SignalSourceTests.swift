import Glibc
import Testing
import ZeroMQ

@Suite("A signal source") struct SignalSourceTests {
    private actor Listener {
        nonisolated let thread: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init(thread: EventLoop) { self.thread = thread }

        func listen(_ requests: Mailbox<SignalRequest>) throws {
            let source = try SignalSource()
            #expect(source.read() == nil)
            thread.attach(fileDescriptor: source.fileDescriptor) {
                while let request = source.read() { requests.put(request) }
            }
        }
    }

    @Test("delivers the signals of the process to a thread", .timeLimit(.minutes(5)))
    func readsSignals() async throws {
        // The parent of the tests may have set it to be ignored, as `nohup` does.
        signal(SIGHUP, SIG_DFL)
        let thread = EventLoop(name: "signals")
        let requests = Mailbox<SignalRequest>()
        try await Listener(thread: thread).listen(requests)
        for signal in [SIGUSR1, SIGUSR2] {
            kill(getpid(), signal)
            #expect(try await requests.next() == .checkpoint(signal))
        }
        kill(getpid(), SIGHUP)
        #expect(try await requests.next() == .stop(SIGHUP))
        await thread.stop()
    }
}
