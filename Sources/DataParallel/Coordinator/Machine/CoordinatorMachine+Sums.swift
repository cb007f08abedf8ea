import Keys
import Protocol
import Reduction

// Sums: which are accepted, and which requests they settle.

extension CoordinatorMachine {
    /// Handles a partial sum whose checksum has been verified.
    ///
    /// - Parameters:
    ///   - isFinite: whether its loss and all gradients are finite.
    ///   - digest: computes the digest of its gradients; called only when it is compared.
    ///   - caller: the credential that the peer has proved to hold, if one is required.
    package mutating func receive(
        _ sum: PartialSumHeader, isFinite: Bool, digest: () -> PayloadDigest, from peer: Peer,
        caller: AllowedWorker? = nil, now: Duration
    ) -> SumDecision<Peer> {
        if isOver { return .ignore([]) }
        let index: Int
        switch admit(peer, caller, address: { nil }, now: now) {
        case .member(let place): index = place
        case .other(let effects): return .ignore(effects)
        }
        if sum.attempt != attempt { return .ignore(ignoreOutdated(sum, from: index)) }
        if let reason = whyNotAnAnswer(sum, from: index) {
            // No cost: it was asked for this number of sums, although not for this one.
            return .ignore([drop(roster[index].peer, reason, cost: 0)])
        }
        let slots = TreeNode(sum).slots(of: plan.shards)
        // Asked before `settle`, which may end the standby that makes the sum a probe.
        let isProbe = isProbe(slots, of: index)
        let news = sum.step == roster[index].requests.step ? settle(slots, of: index, now: now) : []
        guard !isProbe, phase == .stepping, sum.step == step else {
            return .ignore(news + askForMore(now: now))
        }
        return use(sum, slots, isFinite: isFinite, digest, of: index, now: now).after(news)
    }

    private mutating func use(
        _ sum: PartialSumHeader, _ slots: Range<Int>, isFinite: Bool,
        _ digest: () -> PayloadDigest, of index: Int, now: Duration
    ) -> SumDecision<Peer> {
        if let effects = compare(sum, digest, of: index) {
            return .ignore(effects + askAuditors(now: now) + updateIfComplete())
        }
        // A duplicate; members that left may have sent only a part of its slots before.
        guard ledger.cover(slots) == .new else { return .ignore(askForMore(now: now)) }
        // Either training diverges, or its sender is wrong.
        guard isFinite else { return .ignore(doubt(sum, digest(), of: index)) }
        chooseAudit(sum, digest, of: index)
        return .add(
            (ledger.hasOrphans ? askForOrphans(now: now).effects : []) + askAuditors(now: now)
                + updateIfComplete())
    }

    /// Ignores a sum from before a rewind, which was computed with discarded weights.
    private mutating func ignoreOutdated(
        _ sum: PartialSumHeader, from index: Int
    ) -> [CoordinatorEffect<Peer>] {
        // It may have been in flight when the run went back.
        if sum.attempt == attempt &- 1, roster[index].requests.takeOutdated() { return [] }
        let reason = "a partial sum from before the run went back"
        return [drop(roster[index].peer, reason, cost: 0)]
    }

    /// Assigns the slots and audits that no member was free for.
    private mutating func askForMore(now: Duration) -> [CoordinatorEffect<Peer>] {
        askForOrphans(now: now).effects + askAuditors(now: now)
    }

    /// Makes the update if all sums have arrived and none is disputed.
    mutating func updateIfComplete() -> [CoordinatorEffect<Peer>] {
        guard phase == .stepping, audits.areSettled, ledger.isComplete else { return [] }
        guard checkpoints.mayUpdate else { return [.hold] }
        ledger.close()
        return [.update(step: step)]
    }

    /// Why a sum does not answer any request to its sender; nil if it does.
    private func whyNotAnAnswer(_ sum: PartialSumHeader, from index: Int) -> String? {
        guard let asked = roster[index].requests.asked(in: sum.step) else {
            return "a partial sum of step \(sum.step), which was not requested"
        }
        guard (0...plan.shards.trailingZeroBitCount).contains(sum.level),
            (0..<1 << sum.level).contains(sum.residue)
        else { return "a partial sum of a node that is not in the tree" }
        let node = TreeNode(sum)
        guard asked.contains(node.slots(of: plan.shards)) else {
            return "a partial sum of node \(node), which was not requested"
        }
        guard
            sum.step != step || audits.isEmpty
                || !audits.isMixed(
                    wholeNode(of: sum), node.slots(of: plan.shards), of: roster[index].peer)
        else {
            return "a partial sum of node \(node), whose parts were requested separately"
        }
        let examples = plan.examples(under: node, step: sum.step)
        guard examples > 0, sum.examples == examples, (0...examples).contains(sum.correct) else {
            return "a partial sum that counts \(sum.examples) examples, not \(examples)"
        }
        return nil
    }

    /// Records that a member answered for slots, whether or not the answer is used.
    private mutating func settle(
        _ slots: Range<Int>, of index: Int, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        roster[index].requests.forgetSuperseded()
        guard !roster[index].requests.owed.isEmpty else { return [] }
        roster[index].data.note(computed: slots, of: roster[index].requests.owed)
        roster[index].requests.answer(slots)
        roster[index].progressAt = now
        guard roster[index].requests.owed.isEmpty else { return [] }
        if !roster[index].isOnStandby {
            answerTimes.note(
                now - roster[index].requests.askedAt, atLeast: settings.answerTimeout)
        }
        return notePace(of: index, now: now)
    }
}
