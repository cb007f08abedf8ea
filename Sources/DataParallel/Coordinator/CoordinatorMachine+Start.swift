import Protocol
import Training

// The start: who gets which examples, and when the first step of a session begins.

extension CoordinatorMachine {
    /// Sends a member the examples that it asks for, each once: those that come next of a shard that it
    /// was told to get or asked to compute.
    ///
    /// So a member can neither fetch without end nor pass for one that is getting ready.
    mutating func give(
        _ fetch: Fetch, to index: Int, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        let (peer, shard) = (members[index].peer, fetch.shard)
        guard (0..<plan.shards).contains(shard),
            (0..<plan.examples(inShard: shard)).contains(fetch.first)
        else { return [drop(peer, "a request for examples that do not exist")] }
        let slot = TreeNode(level: plan.shards.trailingZeroBitCount, residue: shard)
            .slots(of: plan.shards).lowerBound
        guard members[index].entitled.contains(slot) else {
            return [
                drop(peer, "a request for examples of shard \(shard), which it was not assigned")
            ]
        }
        guard fetch.first == members[index].nextExample[shard, default: 0] else {
            return [
                drop(peer, "a request for examples that it has been sent, or that are not next")
            ]
        }
        let count = min(settings.examplesPerPart, plan.examples(inShard: shard) - fetch.first)
        members[index].nextExample[shard] = fetch.first + count
        members[index].progressAt = now
        return [
            .sendShardPart(ShardPart(shard: shard, first: fetch.first, count: count), to: peer)
        ]
    }

    /// Begins with the first step of the session, if all have their data.
    mutating func beginIfReady(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard phase == .distributing, !members.isEmpty, members.allSatisfy(\.isReady) else {
            return []
        }
        return begin(now: now)
    }

    /// Begins without those that do not get ready, if enough are: they have as long again as these took,
    /// and the answer timeout at least.
    ///
    /// The wait does not begin anew with who comes and goes.
    mutating func beginWithoutUnready(now: Duration) -> [CoordinatorEffect<Peer>] {
        guard !hasBegun, readyCount > 0, readyCount >= settings.minimumWorkers else {
            enoughReadySince = nil
            return []
        }
        let since = enoughReadySince ?? now
        enoughReadySince = since
        let patience = max(settings.answerTimeout, since - (distributingSince ?? since))
        guard phase == .distributing, now - since >= patience else { return [] }
        let unready = members.filter { !$0.isReady }.map(\.name)
        return [.report(.beginningWithout(workers: unready, seconds: (now - since) / .seconds(1)))]
            + begin(now: now)
    }

    private mutating func begin(now: Duration) -> [CoordinatorEffect<Peer>] {
        hasBegun = true
        waitingSince = nil
        return [.report(.training(workers: readyCount, fromStep: step))] + beginStep(now: now)
    }
}
