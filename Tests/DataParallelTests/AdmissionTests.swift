import DataParallel
import Protocol
import Reduction
import Testing

/// A coordinator that ever more peers want to join.
@Suite("A coordinator admits") final class AdmissionTests {
    private var machine: CoordinatorMachine<Int>

    init() {
        let plan = BatchPlan(examples: 4096, batchSize: 512, shards: 512)
        let settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: 1, minimumWorkers: 5000, checkpointEvery: 0, joinTimeout: nil)
        machine = CoordinatorMachine(plan: plan, settings: settings, step: 0)
        _ = machine.start(now: .zero)
    }

    /// Whether a peer that sends a hello is admitted.
    private func isWelcomed(_ peer: Int, host: String = "h") -> Bool {
        let hello = Hello(host: host, pid: peer, lanes: 1, kernels: host)
        return machine.receive(.hello(hello), from: peer, now: .zero).contains {
            if case .send(.welcome, to: peer) = $0 { true } else { false }
        }
    }

    @Test("as many at once as a run may have, and then a few a second")
    func rate() {
        let first = (0..<2000).count { isWelcomed($0) }
        #expect(first == 1024)
        for peer in 0..<100 { _ = machine.lose(peer, reason: "", now: .zero) }
        #expect(!isWelcomed(2000))
        _ = machine.tick(now: .seconds(1))
        let second = (2000..<3000).count { isWelcomed($0) }
        #expect(second == 2)
    }

    @Test("at most twice as many as there are shards, until some leave")
    func number() {
        var welcomed = 0
        for second in 0..<1000 {
            _ = machine.tick(now: .seconds(second))
            welcomed += (0..<10).count { isWelcomed(10 * second + $0) }
        }
        #expect(welcomed == 1024)
        #expect(!isWelcomed(99_999))
        _ = machine.lose(0, reason: "", now: .zero)
        #expect(isWelcomed(99_999))
    }

    @Test("a peer with a long name, which it truncates")
    func longNames() throws {
        /// What the receiver decodes.
        func received(_ message: WorkerMessage) throws -> WorkerMessage {
            try WorkerMessage.decode(message.header(run: RunID(1)), payloadFrames: 0).message
        }
        let hello = Hello(
            host: String(repeating: "h", count: 20_000), pid: 1, lanes: 1,
            kernels: String(repeating: "k", count: 20_000))
        let effects = try machine.receive(received(.hello(hello)), from: 1, now: .zero)
        guard case .report(.joined(let worker, members: 1)) = effects.first else {
            Issue.record("it did not join")
            return
        }
        #expect(worker.name == String(repeating: "h", count: 64) + ":1")
        #expect(worker.kernels == String(repeating: "k", count: 64))
        let leave = WorkerMessage.leave(Notice(reason: String(repeating: "r", count: 3_000)))
        #expect(
            try machine.receive(received(leave), from: 1, now: .zero) == [
                .report(
                    .left(
                        worker: worker.name, reason: String(repeating: "r", count: 400), members: 0,
                        owed: nil)
                )
            ])
    }

    @Test("members, whose bad messages it counts apart from those of other peers")
    func counts() {
        #expect(isWelcomed(1))
        for _ in 0..<100 { _ = machine.drop(99, "nonsense") }
        #expect(
            machine.drop(1, "nonsense")
                == .report(.dropped(peer: "h:1", reason: "nonsense", total: 1)))
        #expect(
            machine.drop(98, "nonsense")
                == .report(.dropped(peer: "a stranger", reason: "nonsense", total: 101)))
        #expect(
            machine.drop(97, "nonsense", address: "10.0.0.7")
                == .report(
                    .dropped(peer: "a stranger at 10.0.0.7", reason: "nonsense", total: 102)))
    }
}
