import Protocol
import Training
import Kernels
import NeuralNetwork
import ZeroMQ

// The work of the lanes, and their answers.

extension Worker {
    func compute(_ slots: Range<Int>, step: Int) {
        guard let weights else { return }
        sums?.begin(step: step)
        var spare = sums?.pool.takeAll() ?? []
        let generation = generation
        let count = min(lanes.count, slots.count)
        let parts = (0..<count).map { slots.part($0, of: count) }
        busyLanes = parts.count
        computations = zip(lanes, parts).map { lane, part in
            let share = Array(spare.suffix(spare.count / parts.count + 1))
            spare.removeLast(share.count)
            return Task { [shards] in
                let sums = await lane.compute(
                    part, step: step, weights: weights, shards: shards, spare: share)
                finishedLane(sums, step: step, generation: generation)
            }
        }
    }

    private func finishedLane(_ partials: [PartialSum], step: Int, generation: Int) {
        guard generation == self.generation else { return }
        for partial in partials { sums?.add(partial) }
        busyLanes -= 1
        if busyLanes == 0 { perform(machine.computed(step: step, now: now)) }
    }

    func sendSums(step: Int, run: RunID) {
        for sum in sums?.takeAll() ?? [] {
            answers += 1
            if let spoilt = machine.settings.answersToASpoiltOne, answers % spoilt == 0 {
                spoil(sum.gradients)
            }
            let gradients = sum.gradients.withBytes { Frame(copying: $0) }
            let header = PartialSumHeader(
                sum, step: step, attempt: machine.attempt, checksum: gradients.checksum)
            send([Frame(WorkerMessage.partialSum(header).header(run: run)), gradients])
            sums?.pool.give(sum.gradients)
        }
        // The next weights come as soon as the others' sums are there too.
        thread.expectWork()
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
