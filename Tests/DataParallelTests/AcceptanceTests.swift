import DataParallel
import Protocol
import Testing

/// A coordinator in its first step with one worker, which can receive any partial sum.
///
/// A class, because `#expect` cannot call mutating functions.
@Suite("A partial sum is accepted") final class AcceptanceTests {
    private var machine = waitingMachine(minimumWorkers: 1)

    init() {
        let hello = Hello(host: "a", pid: 1, lanes: 1, kernels: "test")
        _ = machine.start(now: .zero)
        _ = machine.receive(.hello(hello), from: "member", now: .zero)
        _ = machine.receive(.ready(SlotRanges(0..<8)), from: "member", now: .zero)
    }

    private func sum(
        step: Int = 0, level: Int, residue: Int, examples: Int, correct: Int = 0
    ) -> WorkerMessage {
        .partialSum(
            PartialSumHeader(
                step: step, level: level, residue: residue, examples: examples, correct: correct,
                loss: 1, checksum: 0))
    }

    private func isAccepted(_ message: WorkerMessage, from peer: String = "member") -> Bool {
        machine.decide(message, from: peer, now: .zero).isAdded
    }

    @Test("if it is of this step and of a node of the tree, and its counts are right")
    func valid() {
        #expect(isAccepted(sum(level: 3, residue: 5, examples: 2)))
        #expect(isAccepted(sum(level: 1, residue: 0, examples: 8)))
        #expect(isAccepted(sum(level: 2, residue: 3, examples: 4, correct: 4)))
    }

    @Test("and the last one completes the step")
    func completion() {
        _ = machine.receive(sum(level: 1, residue: 0, examples: 8), from: "member", now: .zero)
        let effects = machine.receive(
            sum(level: 1, residue: 1, examples: 8), from: "member", now: .zero)
        #expect(effects.last == .update(step: 0))
    }

    @Test("but not if one of its shards is covered already")
    func overlap() {
        #expect(isAccepted(sum(level: 2, residue: 1, examples: 4)))
        #expect(!isAccepted(sum(level: 2, residue: 1, examples: 4)))
        #expect(!isAccepted(sum(level: 3, residue: 5, examples: 2)))
        #expect(!isAccepted(sum(level: 1, residue: 1, examples: 8)))
        #expect(!isAccepted(sum(level: 0, residue: 0, examples: 16)))
        #expect(isAccepted(sum(level: 2, residue: 3, examples: 4)))
    }

    @Test("but not if it is of another step")
    func otherStep() {
        #expect(!isAccepted(sum(step: 1, level: 1, residue: 0, examples: 8)))
        #expect(!isAccepted(sum(step: -1, level: 1, residue: 0, examples: 8)))
    }

    @Test(
        "but not if its node does not exist",
        arguments: [(4, 0), (-1, 0), (31, 5), (64, 1), (3, 8), (1, 2), (2, -1), (0, 1)])
    func noSuchNode(level: Int, residue: Int) {
        #expect(!isAccepted(sum(level: level, residue: residue, examples: 2)))
    }

    @Test("but not if its counts differ from the step's examples")
    func wrongCounts() {
        #expect(!isAccepted(sum(level: 3, residue: 0, examples: 3)))
        #expect(!isAccepted(sum(level: 3, residue: 0, examples: 0)))
        #expect(!isAccepted(sum(level: 3, residue: 0, examples: 2, correct: 3)))
        #expect(!isAccepted(sum(level: 3, residue: 0, examples: 2, correct: -1)))
    }

    @Test("but not from a peer that has not joined")
    func stranger() {
        #expect(!isAccepted(sum(level: 3, residue: 0, examples: 2), from: "stranger"))
    }

    @Test("and a dropped one is counted and logged with its sender")
    func told() {
        let effects = machine.receive(
            sum(level: 3, residue: 0, examples: 9), from: "member", now: .zero)
        #expect(
            effects == [
                .report(
                    .dropped(
                        peer: "a:1", reason: "a partial sum that counts 9 examples, not 2",
                        total: 1))
            ])
    }
}

@Suite("A coordinator waits for workers") struct JoiningTests {
    @Test("and fails after the timeout, naming those that joined")
    func timeout() {
        var machine = waitingMachine(minimumWorkers: 2)
        _ = machine.start(now: .seconds(1))
        let hello = Hello(host: "a", pid: 1, lanes: 1, kernels: "test")
        _ = machine.receive(.hello(hello), from: "a", now: .seconds(2))
        let notice = machine.tick(now: .seconds(9))
        #expect(notice == [.report(.waiting(members: 1, needed: 2, seconds: 8))])
        let end = machine.tick(now: .seconds(10))
        #expect(end == [.send(.stop(Notice(reason: "the run ends")), to: "a")])
        let leave = machine.receive(
            .leave(Notice(reason: "the run ends")), from: "a", now: .seconds(10))
        #expect(leave == [.finish(.tooFewWorkers(members: 1, needed: 2))])
    }

    @Test("but not for local ones that have ended")
    func localWorkerEnded() {
        var machine = waitingMachine(minimumWorkers: 2)
        _ = machine.start(now: .zero)
        let hello = Hello(host: "a", pid: 1, lanes: 1, kernels: "test")
        _ = machine.receive(.hello(hello), from: "a", now: .zero)
        let effects = machine.localWorkerEnded(
            "exit status 1", remaining: 1, othersMayJoin: false, now: .zero)
        #expect(effects.contains(.send(.assign(SlotRanges(0..<8)), to: "a")))
        let end = machine.localWorkerEnded(
            "killed by signal 9", remaining: 0, othersMayJoin: false, now: .zero)
        #expect(end == [.send(.stop(Notice(reason: "the run ends")), to: "a")])
        let leave = machine.lose("a", reason: "gone", now: .zero)
        #expect(leave == [.finish(.workersEnded("killed by signal 9"))])
    }

    @Test("and, if others may join, for as many as the user demands")
    func othersMayJoin() {
        var machine = waitingMachine(minimumWorkers: 2, workersToBegin: 3)
        _ = machine.start(now: .zero)
        func join(_ name: String) -> [CoordinatorEffect<String>] {
            let hello = Hello(host: name, pid: 1, lanes: 1, kernels: "test")
            return machine.receive(.hello(hello), from: name, now: .zero)
        }
        func isAssigned(_ effects: [CoordinatorEffect<String>]) -> Bool {
            effects.contains { if case .send(.assign, _) = $0 { true } else { false } }
        }
        #expect(!isAssigned(join("a")))
        for remaining in [1, 0] {
            let effects = machine.localWorkerEnded(
                "exit status 1", remaining: remaining, othersMayJoin: true, now: .zero)
            #expect(effects == [])
        }
        #expect(isAssigned(join("b")))
    }

    @Test("and at the end waits at most three seconds for those that do not answer")
    func ending() {
        var machine = waitingMachine(minimumWorkers: 2)
        let hello = Hello(host: "a", pid: 1, lanes: 1, kernels: "test")
        _ = machine.receive(.hello(hello), from: "a", now: .zero)
        _ = machine.interrupt(2, now: .zero)
        let ticks = (1...4).map { machine.tick(now: .seconds($0)) }
        #expect(ticks == [[], [], [.finish(.interrupted(signal: 2))], []])
    }
}
