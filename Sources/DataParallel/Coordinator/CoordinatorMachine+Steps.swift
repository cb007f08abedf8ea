import Protocol
import Training

// The steps: dealing out work, accepting sums, what follows an update, and the end.

extension CoordinatorMachine {
    /// Begins the step numbered ``step``: deals all slots to the members that have their data.
    mutating func beginStep() -> [CoordinatorEffect<Peer>] {
        for slot in owners.indices {
            owners[slot] = nil
            let leaf = TreeNode(leafAtSlot: slot, shards: plan.shards)
            // Shards without examples in this step have nothing to send.
            isCovered[slot] = plan.examples(under: leaf, step: step) == 0
        }
        let ready = readyMembers
        var effects: [CoordinatorEffect<Peer>] = [.beginStep(step)]
        for (index, member) in ready.enumerated() {
            effects += give(share(index, of: ready.count), to: member.peer)
        }
        // Told after the work is sent, so that nobody waits for the log.
        if dealtTo != ready.map(\.peer) {
            dealtTo = ready.map(\.peer)
            effects += ready.enumerated().map { index, member in
                let slots = share(index, of: ready.count)
                let shards = slots.map { shard(atSlot: $0, of: plan.shards) }
                return .report(.assigned(worker: member.name, shards: shards))
            }
        }
        return effects
    }

    /// Gives slots that nobody computes to the members that have their data, in equal parts.
    mutating func reassignOrphans() -> [CoordinatorEffect<Peer>] {
        let orphans = owners.indices.filter { owners[$0] == nil && !isCovered[$0] }
        let ready = readyMembers
        guard !orphans.isEmpty, !ready.isEmpty else { return [] }
        var effects: [CoordinatorEffect<Peer>] = []
        for (index, member) in ready.enumerated() {
            let part = orphans[
                index * orphans.count / ready.count..<(index + 1) * orphans.count / ready.count]
            for run in contiguousRuns(part) { effects += give(run, to: member.peer) }
        }
        return effects
    }

    private mutating func give(_ slots: Range<Int>, to peer: Peer) -> [CoordinatorEffect<Peer>] {
        guard !slots.isEmpty, let index = members.firstIndex(where: { $0.peer == peer }) else {
            return []
        }
        for slot in slots { owners[slot] = peer }
        let range = SlotRange(slots)
        if members[index].weightsOfStep == step {
            return [.send(.compute(WorkHeader(step: step, range: range, checksum: 0)), to: peer)]
        }
        members[index].weightsOfStep = step
        return [.sendWeights(range, to: peer)]
    }

    private func contiguousRuns(_ slots: ArraySlice<Int>) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for slot in slots {
            if let last = runs.last, last.upperBound == slot {
                runs[runs.count - 1] = last.lowerBound..<slot + 1
            } else {
                runs.append(slot..<slot + 1)
            }
        }
        return runs
    }

    mutating func accept(_ sum: PartialSumHeader, from peer: Peer) -> [CoordinatorEffect<Peer>] {
        if let reason = whyNotAcceptable(sum) { return [drop(peer, reason)] }
        for slot in TreeNode(sum).slots(of: plan.shards) { isCovered[slot] = true }
        var effects: [CoordinatorEffect<Peer>] = [.accumulate(sum)]
        if isCovered.allSatisfy(\.self) { effects.append(.update(step: step)) }
        return effects
    }

    private func whyNotAcceptable(_ sum: PartialSumHeader) -> String? {
        guard phase == .training, sum.step == step else {
            return "a partial sum of step \(sum.step) while step \(step) is under way"
        }
        guard (0...plan.shards.trailingZeroBitCount).contains(sum.level),
            (0..<1 << sum.level).contains(sum.residue)
        else { return "a partial sum of a node that is not in the tree" }
        let node = TreeNode(sum)
        let examples = plan.examples(under: node, step: step)
        guard examples > 0, sum.examples == examples, (0...examples).contains(sum.correct) else {
            return "a partial sum that counts \(sum.examples) examples, not \(examples)"
        }
        // A slot without examples is covered from the start and may lie under a node that has some.
        let overlaps = node.slots(of: plan.shards).contains { slot in
            isCovered[slot]
                && plan.examples(
                    under: TreeNode(leafAtSlot: slot, shards: plan.shards), step: step) > 0
        }
        return overlaps ? "a partial sum that covers what is covered already" : nil
    }

    /// The update of the step under way is made.
    public mutating func updated(_ report: StepReport) -> [CoordinatorEffect<Peer>] {
        step += 1
        if step % plan.stepsPerEpoch == 0 {
            phase = .evaluating
            return [.report(.step(report)), .checkpoint, .evaluate]
        }
        if let interruption {
            return [.report(.step(report)), .checkpoint]
                + finish(.interrupted(signal: interruption))
        }
        // First the work, so that the workers compute while the rest is seen to.
        let isDue = settings.checkpointEvery > 0 && step % settings.checkpointEvery == 0
        return beginStep() + [.report(.step(report))] + (isDue ? [.checkpoint] : [])
    }

    /// The run begins, or goes on from a checkpoint.
    public mutating func start(now: Duration) -> [CoordinatorEffect<Peer>] {
        startWaiting(now)
        // A checkpoint of an epoch's end was taken before the weights were tested.
        guard step > 0, step % plan.stepsPerEpoch == 0 else { return [] }
        phase = .evaluating
        return [.evaluate]
    }

    /// The weights at an epoch's end have been tested.
    public mutating func evaluated() -> [CoordinatorEffect<Peer>] {
        guard phase == .evaluating else { return [] }
        if step >= totalSteps { return finish(.completed) }
        if let interruption { return finish(.interrupted(signal: interruption)) }
        guard hasBegun else {
            phase = .gathering
            return members.count >= settings.minimumWorkers ? distribute() : []
        }
        phase = .training
        return beginStep()
    }

    /// A signal asks to stop; the step under way is finished first, if anybody is computing it.
    public mutating func interrupt(_ signal: Int32) -> [CoordinatorEffect<Peer>] {
        guard !isOver, interruption == nil else { return [] }
        interruption = signal
        switch phase {
        case .training where !members.isEmpty, .evaluating: return []
        default: return [.checkpoint] + finish(.interrupted(signal: signal))
        }
    }

    /// Something that the run cannot go on without has failed.
    public mutating func fail(_ outcome: Outcome) -> [CoordinatorEffect<Peer>] {
        isOver ? [] : finish(outcome)
    }

    /// Tells the workers that the run is over; the run ends once they have gone.
    ///
    /// A connection that closed right behind the word could take it along: libzmq drops what a
    /// dealer has received but not read when its connection ends.
    mutating func finish(_ outcome: Outcome) -> [CoordinatorEffect<Peer>] {
        let notice = Notice(reason: outcome == .completed ? "the run is complete" : "the run ends")
        phase = .ending(outcome, ticksLeft: 3)
        return members.map { .send(.stop(notice), to: $0.peer) } + closeIfEmpty()
    }

    /// Ends the run if all workers have gone.
    mutating func closeIfEmpty() -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, _) = phase, members.isEmpty else { return [] }
        phase = .finished
        return [.finish(outcome)]
    }

    /// Ends the run although some have not gone, if they were given time enough.
    mutating func tickWhileEnding() -> [CoordinatorEffect<Peer>] {
        guard case .ending(let outcome, let ticks) = phase else { return [] }
        phase = ticks > 1 ? .ending(outcome, ticksLeft: ticks - 1) : .finished
        return ticks > 1 ? [] : [.finish(outcome)]
    }
}

extension TreeNode {
    /// The node that a partial sum's header names, whose numbers have been checked.
    init(_ sum: PartialSumHeader) { self.init(level: sum.level, residue: sum.residue) }
}
