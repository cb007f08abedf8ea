import Protocol
import Training
import Kernels
import NeuralNetwork
import ZeroMQ

// The work of the lanes, and their answers.

extension Worker {
    func compute(_ slots: Range<Int>, step: Int) {
        guard let weights else { return }
        computingSince = .now
        sums?.begin(step: step)
        var spare = sums?.pool.takeAll() ?? []
        let generation = generation
        let count = min(lanes.count, slots.count)
        let parts = (0..<count).map { slots.part($0, of: count) }
        busyLanes = parts.count
        laneTimes.removeAll(keepingCapacity: true)
        for _ in parts { laneTimes.append(.init(start: .zero, time: .zero)) }
        computations = zip(lanes.indices, parts).map { index, part in
            let lane = lanes[index]
            let share = Handover(Array(spare.suffix(spare.count / parts.count + 1)))
            spare.removeLast(share.value.count)
            return Task { [shards] in
                let work = await lane.compute(
                    part, step: step, weights: weights, shards: shards, spare: share)
                finished(index, work, step: step, generation: generation)
            }
        }
    }

    private func finished(
        _ lane: Int, _ work: ShardTrainer.Work, step: Int, generation: Int
    ) {
        guard generation == self.generation else { return }
        for partial in work.sums.value { sums?.add(partial) }
        laneTimes[lane] = .init(
            start: work.began - computingSince, time: work.ended - work.began)
        busyLanes -= 1
        guard busyLanes == 0 else { return }
        guard let delay = machine.settings.answerDelay else {
            return perform(machine.computed(step: step, now: now))
        }
        thread.schedule(after: delay) {
            self.assumeIsolated { worker in
                guard generation == worker.generation else { return }
                worker.perform(worker.machine.computed(step: step, now: worker.now))
            }
        }
    }

    func sendSums(step: Int, run: RunID) {
        let finished = sums?.takeAll() ?? []
        for (index, sum) in finished.enumerated() {
            answers += 1
            if let spoilt = machine.settings.answersToASpoiltOne, answers % spoilt == 0 {
                spoil(sum.gradients)
            }
            let gradients = sum.gradients.withBytes { Frame(copying: $0) }
            let header = PartialSumHeader(
                sum, step: step, attempt: machine.attempt, checksum: gradients.checksum,
                timing: index == finished.count - 1 ? workTiming : nil)
            send([Frame(WorkerMessage.partialSum(header).header(run: run)), gradients])
            sums?.pool.give(sum.gradients)
        }
        // The next weights come as soon as the others' sums are there too.
        thread.expectWork()
    }

    /// Where the time of the range went whose sums are being sent.
    private var workTiming: WorkTiming {
        WorkTiming(
            began: computingSince - start, took: .now - computingSince, lanes: laneTimes)
    }

    /// Flips one bit of one value, as bad memory does.
    private func spoil(_ gradients: FloatBuffer) {
        let index = answers % gradients.count
        gradients[index] = Float(bitPattern: gradients[index].bitPattern ^ 1)
    }

    func discardSums() {
        for sum in sums?.takeAll() ?? [] { sums?.pool.give(sum.gradients) }
    }
}
