import DataParallel
import Protocol
import Reduction
import Testing

@Suite("The audits of a step") struct AuditsTests {
    private typealias Copy = Audit<String>.Copy
    private typealias Auditor = Audits<String>.Auditor
    private typealias Tested = Audits<String>

    private let node = TreeNode(level: 1, residue: 0)
    private let slots = 0..<4
    private let ledger: StepLedger

    init() {
        var ledger = StepLedger(shards: 8, step: 0)
        ledger.begin(of: BatchPlan(examples: 64, batchSize: 16, shards: 8))
        self.ledger = ledger
    }

    /// Audits of all sums in their first step; the coordinator rechecks a fraction of the agreements.
    private func audits(recheck: Double = 0) -> Tested {
        var audits = Tested(share: 1, recheck: recheck, key: 7)
        audits.begin()
        return audits
    }

    /// A worker's identity, which follows from its number.
    private func identity(_ number: Int) -> WorkerIdentity {
        WorkerIdentity(
            nil, Hello(host: "host", pid: 1, lanes: 1, kernels: "avx2"), connection: number)
    }

    private func bits(_ value: UInt8) -> SumBits {
        SumBits(header, [value].withUnsafeBytes { PayloadDigest($0) })
    }

    private var header: PartialSumHeader {
        PartialSumHeader(
            step: 0, level: node.level, residue: node.residue, examples: 8, correct: 1, loss: 2,
            checksum: 3)
    }

    private func copy(of worker: Int, _ value: UInt8) -> Copy {
        Copy(
            peer: "peer \(worker)", identity: identity(worker), name: "w\(worker)",
            bits: bits(value))
    }

    private func auditor(_ worker: Int, asked: Range<Int>? = nil) -> Auditor {
        Auditor(
            peer: "peer \(worker)", identity: identity(worker),
            asked: asked.map { SlotSet($0) })
    }

    /// An audit of worker 1's sum, whose second copy worker 2 owes.
    private func opened(_ value: UInt8, recheck: Double = 0) -> Tested {
        var audits = audits(recheck: recheck)
        audits.open(node, slots: slots, copy(of: 1, value))
        #expect(audits.assign(to: [auditor(2)], busy: [], ledger) == [[slots]])
        return audits
    }

    @Test("end when another worker sends the same bits")
    func agreement() {
        var audits = opened(9)
        guard
            case .agreed(let author) = audits.compare(
                header, at: node, from: "peer 2", { copy(of: 2, 9) })
        else {
            Issue.record("equal copies agree")
            return
        }
        #expect(author.name == "w1")
        #expect(audits.areSettled)
    }

    @Test("compare nothing but the copies that they asked for")
    func unasked() {
        var audits = opened(9)
        let other = TreeNode(level: 1, residue: 1)
        #expect(audits.compare(header, at: node, from: "peer 3", { copy(of: 3, 9) }) == nil)
        #expect(audits.compare(header, at: other, from: "peer 2", { copy(of: 2, 9) }) == nil)
        #expect(!audits.areSettled)
    }

    @Test("name the worker whose copy is wrong", arguments: [1, 2])
    func dispute(liar: Int) {
        var audits = opened(liar == 1 ? 8 : 9)
        guard
            case .disputed = audits.compare(
                header, at: node, from: "peer 2", { copy(of: 2, liar == 2 ? 8 : 9) })
        else {
            Issue.record("other bits are a dispute")
            return
        }
        #expect(audits.nextDispute() == slots)
        #expect(audits.nextDispute() == nil, "one at a time")
        guard case .wrong(let copies, let range) = audits.rule([bits(9)]) else {
            Issue.record("one copy is wrong")
            return
        }
        #expect(copies.map(\.name) == ["w\(liar)"])
        #expect(range == slots)
        #expect(audits.areSettled)
    }

    @Test("recheck agreements, so that two liars do not confirm each other")
    func collusion() {
        var audits = opened(8, recheck: 1)
        guard
            case .disputed = audits.compare(header, at: node, from: "peer 2", { copy(of: 2, 8) }),
            audits.nextDispute() == slots,
            case .wrong(let copies, _) = audits.rule([bits(9)])
        else {
            Issue.record("a drawn agreement is rechecked")
            return
        }
        #expect(copies.map(\.name) == ["w1", "w2"])
    }

    @Test("never ask the author's identity, on whatever connection")
    func independence() {
        var audits = audits()
        audits.open(node, slots: slots, copy(of: 1, 9))
        let again = Auditor(peer: "another", identity: identity(1), asked: nil)
        #expect(audits.assign(to: [again], busy: [], ledger) == [[]])
        #expect(audits.nextDispute() == slots, "the coordinator computes the copy itself")
    }

    @Test("ask nobody who answers for the same slots anyway")
    func overlap() {
        var audits = audits()
        audits.open(node, slots: slots, copy(of: 1, 9))
        let parts = audits.assign(
            to: [auditor(2, asked: 3..<6), auditor(3, asked: 4..<8)], busy: [], ledger)
        #expect(parts == [[], [slots]])
    }

    @Test("wait for a busy worker if no free one can compute the copy")
    func busy() {
        var audits = audits()
        audits.open(node, slots: slots, copy(of: 1, 9))
        #expect(audits.assign(to: [], busy: [auditor(2)], ledger) == [])
        #expect(audits.lackAuditors && audits.nextDispute() == nil)
        #expect(audits.assign(to: [auditor(2)], busy: [], ledger) == [[slots]])
        #expect(!audits.lackAuditors)
    }

    @Test("pass from a worker that leaves to another")
    func release() {
        var audits = opened(9)
        audits.release(["peer 2"])
        #expect(audits.lackAuditors)
        #expect(audits.assign(to: [auditor(3)], busy: [], ledger) == [[slots]])
        #expect(audits.compare(header, at: node, from: "peer 2", { copy(of: 2, 9) }) == nil)
    }

    @Test("tell a run that diverges from a worker that sends NaN")
    func doubt() {
        for (right, isDivergence) in [(bits(8), true), (bits(9), false)] {
            var audits = audits()
            audits.doubt(node, slots: slots, copy(of: 1, 8))
            #expect(audits.nextDispute() == slots)
            switch audits.rule([right]) {
            case .diverged: #expect(isDivergence)
            case .wrong(let copies, _): #expect(!isDivergence && copies.map(\.name) == ["w1"])
            default: Issue.record("the ruling is one of the two")
            }
        }
    }

    @Test("are void after a rewind, with the computation under way")
    func forget() {
        var audits = audits()
        audits.doubt(node, slots: slots, copy(of: 1, 8))
        #expect(audits.nextDispute() == slots)
        audits.forget()
        #expect(audits.areSettled)
        audits.doubt(node, slots: slots, copy(of: 2, 8))
        #expect(audits.nextDispute() == nil, "the coordinator is still at the voided one")
        guard case .void = audits.rule([bits(9)]) else {
            Issue.record("the ruling is void")
            return
        }
        #expect(audits.nextDispute() == slots)
    }

    @Test("are drawn with the requested probability, anew when a step restarts")
    func draws() {
        var audits = Tested(share: 0.25, recheck: 0, key: 7)
        let count = 4_000
        let drawn = (0..<count).map { _ in
            audits.begin()
            return audits.isChosen(header)
        }
        let deviation = (Double(count) * 0.25 * 0.75).squareRoot()
        #expect(abs(Double(drawn.filter(\.self).count) - 0.25 * Double(count)) < 4 * deviation)
        #expect(!Tested(share: 0, recheck: 0, key: 7).isChosen(header))
    }
}
