import Protocol
import Reduction

// Audits: sums that are computed twice. Once all sums of the step have arrived, other members are asked for the
// second copies.

extension CoordinatorMachine {
    /// Decides whether a sum that is used is audited.
    mutating func chooseAudit(
        _ sum: PartialSumHeader, _ digest: () -> PayloadDigest, of index: Int
    ) {
        guard audits.isOn || roster.known.hasStrikes else { return }
        let identity = roster[index].identity
        guard !roster.known.strikes(of: identity).isEmpty || audits.isChosen(sum) else {
            if audits.isOn { roster.known.noteUnchecked(identity, step: step) }
            return
        }
        audits.open(
            wholeNode(of: sum), slots: slotsToCompute(of: sum),
            Self.copy(of: sum, digest(), by: roster[index]))
    }

    private static func copy(
        of sum: PartialSumHeader, _ digest: PayloadDigest, by member: Member<Peer>
    ) -> Audit<Peer>.Copy {
        Audit.Copy(
            peer: member.peer, identity: member.identity, name: member.name,
            bits: SumBits(sum, digest))
    }

    /// The slots of a sum, from the first with examples to the last.
    private func slotsToCompute(of sum: PartialSumHeader) -> Range<Int> {
        let runs = ledger.slotsWithExamples(TreeNode(sum).slots(of: plan.shards)).runs
        return (runs.first?.lowerBound ?? 0)..<(runs.last?.upperBound ?? 0)
    }

    /// The largest node with the same examples, under which a worker that adds up all it can reports the sum.
    func wholeNode(of sum: PartialSumHeader) -> TreeNode {
        var node = TreeNode(sum)
        while let parent = node.parent, let sibling = node.sibling,
            plan.examples(under: sibling, step: sum.step) == 0
        {
            node = parent
        }
        return node
    }

    /// Requests second copies of audited sums, once all sums of the step have arrived.
    mutating func askAuditors(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .stepping, audits.lackAuditors, ledger.isFull else { return [] }
        let ready = isBelowMinimum ? [] : roster.active(where: \.isReady)
        let free = ready.filter { roster[$0].canBeAsked(in: step) }
        let busy = ready.filter {
            roster[$0].requests.step == step && !roster[$0].canBeAsked(in: step)
        }
        let parts = audits.assign(to: free.map(auditor), busy: busy.map(auditor), ledger)
        var effects: [CoordinatorEffect<Peer>] = []
        for (index, ranges) in zip(free, parts) where !ranges.isEmpty {
            effects.append(ask(index, for: ranges, now: now))
        }
        return effects + arbitrateNext()
    }

    private func auditor(_ index: Int) -> Audits<Peer>.Auditor {
        let member = roster[index]
        return .init(
            peer: member.peer, identity: member.identity, asked: member.requests.asked(in: step))
    }

    /// Compares a second copy with the first; returns nil if the sum is not a second copy.
    mutating func compare(
        _ sum: PartialSumHeader, _ digest: () -> PayloadDigest, of index: Int
    ) -> [CoordinatorEffect<Peer>]? {
        guard !audits.isEmpty else { return nil }
        let member = roster[index]
        let comparison = audits.compare(sum, at: wholeNode(of: sum), from: member.peer) {
            Self.copy(of: sum, digest(), by: member)
        }
        switch comparison {
        case nil: return nil
        case .agreed(let author):
            roster.known.noteConfirmed(author.identity, by: member.identity, step: step)
            if let place = roster.index(of: author.peer) { roster[place].confirmed += 1 }
            return []
        case .disputed: return arbitrateNext()
        }
    }

    /// The members with sums that other members confirmed with the same bits, and how many.
    package var confirmedSums: [(peer: Peer, count: Int)] {
        guard audits.isOn else { return [] }
        return roster.all.filter { $0.confirmed > 0 }.map { ($0.peer, $0.confirmed) }
    }

    // MARK: - The coordinator's own copies

    mutating func arbitrateNext() -> [CoordinatorEffect<Peer>] {
        audits.nextDispute().map { [.arbitrate($0, step: step)] } ?? []
    }

    /// Disputes a sum that is not finite: the coordinator recomputes it.
    mutating func doubt(
        _ sum: PartialSumHeader, _ digest: PayloadDigest, of index: Int
    ) -> [CoordinatorEffect<Peer>] {
        audits.doubt(
            wholeNode(of: sum), slots: slotsToCompute(of: sum),
            Self.copy(of: sum, digest, by: roster[index]))
        return arbitrateNext()
    }

    /// Handles the coordinator's own result of the last ``CoordinatorEffect/arbitrate(_:step:)``.
    package mutating func arbitrated(
        _ right: [SumBits], now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let ruling = audits.rule(right)
        guard phase == .stepping else { return [] }
        switch ruling {
        case .void: return arbitrateNext()
        case .right: return arbitrateNext() + updateIfComplete()
        case .diverged: return fail(.diverged(step: step), now: now)
        case .wrong(let copies, let slots): return strike(copies, slots, now: now)
        }
    }

    /// Voids the step because members sent wrong sums.
    private mutating func strike(
        _ wrong: [Audit<Peer>.Copy], _ slots: Range<Int>, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        phase = .paused
        let shards = shards(ledger.slotsWithExamples(slots))
        forgetSums()
        let counts = wrong.map { roster.known.strike($0.identity, step: step) }
        let untrusted = roster.known.untrustedSince(wrong.map(\.identity))
        var effects: [CoordinatorEffect<Peer>] = []
        for (copy, times) in zip(wrong, counts) {
            effects.append(
                .report(.wrong(worker: copy.name, step: step + 1, shards: shards, times: times)))
            let confirmed = roster.known.confirmedSince(copy.identity)
            if let confirmed, confirmed < min(step, untrusted ?? step) {
                effects.append(
                    .report(.confirmedByWorkers(worker: copy.name, step: confirmed + 1)))
            }
            // Without audits, there is no second chance to detect it.
            if times > 1 || !audits.isOn {
                effects += ban(copy.identity, now: now)
            }
        }
        // The current step is void in any case.
        guard let untrusted, untrusted < step else {
            roster.known.rewind(to: step)
            return effects + beginStepOrPause(now: now)
        }
        phase = .rewinding
        checkpoints.cancel()
        return effects + [
            .report(.rewinding(step: untrusted)), .rewind(noLaterThan: untrusted),
        ]
    }

    /// Bans a worker and drops all its connections.
    private mutating func ban(
        _ identity: WorkerIdentity, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let steps = roster.known.strikes(of: identity).map { "\($0 + 1)" }.joined(
            separator: " and ")
        let reason = "it sent wrong gradients in step \(steps)"
        roster.known.ban(identity, reason: reason)
        return roster.all.filter { $0.identity == identity }.map(\.peer).flatMap { peer in
            [.send(.refuse(Notice(reason: reason)), to: peer)]
                + lose(peer, reason: reason, now: now)
        }
    }

    /// Continues after the state went back to `step` steps.
    public mutating func rewound(to step: Int, now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .rewinding else { return [] }
        ledger.rewind(to: step)
        checkpoints.rewind(to: step)
        roster.known.rewind(to: step)
        for index in roster.indices { roster[index].requests.void() }
        if let interruption { return finish(.interrupted(signal: interruption), now: now) }
        return testAtEpochEnd() ?? beginStepOrPause(now: now)
    }

    /// Discards the sums of the current step, but not the requests that members still compute.
    private mutating func forgetSums() {
        audits.forget()
        for index in roster.indices {
            roster[index].requests.forgetAnswers(empty: ledger.empty)
        }
    }
}
