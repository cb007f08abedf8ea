import DataParallel
import Protocol
import Reduction
import Testing

/// A coordinator with members that send arbitrary messages.
@Suite("A member that sends unsolicited messages") final class AccountsTests {
    private typealias Effect = CoordinatorEffect<Int>

    private var machine = AccountsTests.coordinator(minimumWorkers: 1)
    private var time: Duration = .zero

    private static func coordinator(minimumWorkers: Int) -> CoordinatorMachine<Int> {
        let plan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
        let settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: 1000, minimumWorkers: minimumWorkers, checkpointEvery: 0, joinTimeout: nil)
        var machine = CoordinatorMachine<Int>(plan: plan, settings: settings, step: 0)
        _ = machine.start(now: .zero)
        return machine
    }

    /// Makes the coordinator wait for more workers, so that it requests nothing from those that joined.
    private func wait() { machine = Self.coordinator(minimumWorkers: 9) }

    @discardableResult
    private func join(_ peer: Int, as digit: Character = "a") -> [Effect] {
        let hello = Hello(
            host: "h", pid: peer, lanes: 1, kernels: "k",
            identity: String(repeating: digit, count: 32))
        return machine.receive(.hello(hello), from: peer, now: time)
    }

    /// Delivers a message as the coordinator does; returns whether its sender is still a member.
    private func say(_ message: WorkerMessage, from peer: Int, bytes: Int = 100) -> Bool {
        if machine.isWorthReading(message, bytes: bytes, from: peer) {
            _ = machine.receive(message, from: peer, now: time)
        } else {
            _ = machine.drop(peer, "a partial sum, which was not requested")
        }
        return !machine.expelOverdrawn(now: time).contains(.cutOff(peer))
    }

    private func isRead(_ sum: WorkerMessage, of peer: Int) -> Bool {
        machine.isWorthReading(sum, bytes: 56, from: peer)
    }

    private let status = WorkerMessage.status(WorkerStatus(phase: .idle, step: nil, seconds: 0))

    private func pass(_ duration: Duration) {
        time += duration
        _ = machine.tick(now: time)
    }

    @Test("may begin in blocks only the sums that it was asked for, complete or not")
    func sumsInBlocks() {
        #expect(!machine.awaitsSum(of: 1))
        join(1)
        #expect(!machine.awaitsSum(of: 1))
        _ = say(.ready(SlotRanges(0..<8)), from: 1)
        #expect(machine.awaitsSum(of: 1))
        machine.countIncompleteSum(of: 1)
        #expect(!machine.awaitsSum(of: 1))
    }

    @Test("is dropped when its tokens are used up, and banned the second time")
    func recordExpulsion() {
        join(1)
        #expect((0..<1000).prefix { _ in say(status, from: 1) }.count == Accounts.most)
        #expect(!machine.isMember(1))
        join(2)
        #expect(machine.isMember(2))
        // A member with the same identity is dropped too.
        join(3)
        let effects: [Effect] =
            (0..<1000).lazy.map { [self] _ in
                _ = machine.isWorthReading(status, bytes: 100, from: 2)
                return machine.expelOverdrawn(now: time)
            }.first { !$0.isEmpty } ?? []
        #expect(effects.contains(.cutOff(2)))
        #expect(effects.contains(.cutOff(3)))
        #expect(!machine.isMember(3))
        let refusal = Notice(reason: "it kept sending what it was not asked for, twice")
        #expect(join(4).contains(.send(.refuse(refusal), to: 4)))
        join(5, as: "b")
        #expect(machine.isMember(5), "another worker is none the worse")
    }

    @Test("is logged once, by name")
    func words() {
        join(1)
        var effects: [Effect] = []
        while effects.isEmpty {
            _ = machine.isWorthReading(status, bytes: 100, from: 1)
            effects = machine.expelOverdrawn(now: time)
        }
        #expect(
            effects == [
                .cutOff(1),
                .report(
                    .left(
                        worker: "h:1", reason: "it keeps sending what it was not asked for",
                        members: 0, owed: nil)),
            ])
    }

    @Test("pays for the bytes of long headers, and for other useless messages")
    func costs() {
        let ready = WorkerMessage.ready(SlotRanges(0..<1))
        for (number, (message, bytes, most)) in [
            (status, 4096, 40), (status, 1023, 200), (ready, 28_000, 7),
            (.hello(Hello(host: "h", pid: 1, lanes: 1, kernels: "k")), 200, 200),
            (.fetch(Fetch(shard: 99, first: 0)), 100, 200),
        ].enumerated() {
            join(number, as: "abcdef"[number])
            // The first one answers an assignment.
            if case .ready = message { #expect(say(message, from: number, bytes: bytes)) }
            let count = (0..<1000).prefix { _ in say(message, from: number, bytes: bytes) }.count
            #expect(count == most, "\(message)")
        }
    }

    @Test("pays for a sum that was not requested, and the sum is not read")
    func sums() {
        join(1)
        _ = say(.ready(SlotRanges(0..<8)), from: 1)
        let sum = WorkerMessage.partialSum(
            PartialSumHeader(
                step: 0, level: 3, residue: 0, examples: 2, correct: 0, loss: 0, checksum: 0))
        // All slots are requested, and they form one node.
        #expect(isRead(sum, of: 1))
        #expect(!isRead(sum, of: 1))
        #expect(!isRead(sum, of: 2), "nor one of a stranger")
        #expect((0..<1000).prefix { _ in say(sum, from: 1) }.count == Accounts.most)
    }

    @Test("keeps its debts when it leaves and rejoins")
    func rejoins() {
        join(1)
        for _ in 0..<150 { #expect(say(status, from: 1)) }
        #expect(say(.leave(Notice(reason: "bye")), from: 1))
        join(2)
        #expect((0..<1000).prefix { _ in say(status, from: 2) }.count == Accounts.most - 150)
    }

    @Test("may send ten a second forever, but not eleven")
    func paced() {
        wait()
        join(1)
        for _ in 0..<10_000 {
            pass(.milliseconds(100))
            #expect(say(status, from: 1))
        }
        let count = (0..<100_000).prefix { _ in
            pass(.milliseconds(91))
            return say(status, from: 1)
        }.count
        #expect(count < 100_000)
    }

    @Test("does not pay for answers to pings, however many")
    func pings() {
        wait()
        join(1)
        for _ in 0..<1000 {
            // While connections end, members are pinged fifty times a second.
            for _ in 0..<50 {
                _ = machine.probe()
                #expect(say(status, from: 1))
            }
            pass(.milliseconds(1000))
        }
        // A worker that hung answers them all at once.
        for _ in 0..<60 { _ = machine.probe() }
        #expect((0..<60).allSatisfy { _ in say(status, from: 1) })
        #expect((0..<1000).prefix { _ in say(status, from: 1) }.count == Accounts.most)
    }

    @Test("is forgotten once it has all its tokens back")
    func bounded() {
        var accounts = Accounts()
        for number in 0..<20_000 {
            let identity = WorkerIdentity(
                nil, Hello(host: "h", pid: 1, lanes: 1, kernels: "k"), connection: number)
            let now = Duration.milliseconds(500 * number)
            let isPaid = accounts.take(3, from: identity, now: now)
            let isKnown = accounts.recordExpulsion(identity, now: now)
            #expect(isPaid && !isKnown)
            #expect(accounts.count <= 2048)
        }
    }
}

extension String {
    fileprivate subscript(index: Int) -> Character { self[self.index(startIndex, offsetBy: index)] }
}
