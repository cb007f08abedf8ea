import Glibc
import Testing
import ZeroMQ

@Suite("A signal source") struct SignalSourceTests {
    private actor Listener {
        nonisolated let thread: SocketThread
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init(thread: SocketThread) { self.thread = thread }

        func listen(_ signals: Mailbox<Int32>) throws {
            let source = try SignalSource([SIGUSR1, SIGUSR2])
            #expect(source.read() == nil)
            thread.attach(fileDescriptor: source.fileDescriptor) {
                while let signal = source.read() { signals.put(signal) }
            }
        }
    }

    @Test("gives a thread the signals of the process to read", .timeLimit(.minutes(1)))
    func readsSignals() async throws {
        let thread = SocketThread(name: "signals")
        let signals = Mailbox<Int32>()
        try await Listener(thread: thread).listen(signals)
        for signal in [SIGUSR1, SIGUSR2, SIGUSR1] {
            kill(getpid(), signal)
            #expect(try await signals.next() == signal)
        }
        await thread.stop()
    }
}
