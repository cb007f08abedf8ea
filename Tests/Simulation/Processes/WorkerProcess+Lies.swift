import Kernels
import TestSupport
import Training

// What a worker that computes wrongly says instead of what is right.

extension WorkerProcess {
    /// Whether the worker lies about a sum.
    func isLie(_ sum: PartialSum, step: Int) -> Bool {
        let slots = sum.node.slots(of: world.training.job.plan.shards)
        switch host.liar {
        case nil: return false
        case .everyAnswer(let count), .notFinite(let count): return answers % count == 0
        case .everyAnswerToItsShare(let count):
            return isOfItsShare(slots) && countAnswerToItsShare() % count == 0
        case .someAudits(let count): return !isOfItsShare(slots) && world.random.oneIn(count)
        case .forger(let count): return world.random.oneIn(count)
        case .pact(let count):
            let lie = Lie(step: step, slots: slots)
            if isOfItsShare(slots), world.random.oneIn(count) { world.liesOfPact.insert(lie) }
            return world.liesOfPact.contains(lie)
        }
    }

    /// Falsifies a sum; false where it is left as it is.
    func falsify(_ sum: PartialSum) -> Bool {
        if case .notFinite = host.liar {
            sum.gradients[0] = world.random.oneIn(2) ? .nan : .infinity
            return true
        }
        guard case .forger = host.liar else {
            // Those of a pact say the same, others something else each.
            let bit = host.liar?.isInPact == true ? 1 : host.lieBit
            sum.gradients[0] = Float(bitPattern: sum.gradients[0].bitPattern ^ bit)
            return true
        }
        let checksum = sum.checksum
        var words = (0..<sum.gradients.count / 2).map { index in
            UInt64(sum.gradients[2 * index].bitPattern)
                | UInt64(sum.gradients[2 * index + 1].bitPattern) << 32
        }
        guard Collision.change(&words) else { return false }
        for (index, word) in words.enumerated() {
            sum.gradients[2 * index] = Float(bitPattern: UInt32(truncatingIfNeeded: word))
            sum.gradients[2 * index + 1] = Float(bitPattern: UInt32(word >> 32))
        }
        if sum.checksum != checksum { world.fail("a forged sum has another checksum") }
        return true
    }
}
