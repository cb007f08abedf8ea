import Kernels
import Protocol
import Reduction
import TestSupport

// The false answers of a worker that lies.

extension WorkerProcess {
    /// The message that a worker sends instead of the given one: a liar sends another sum.
    func altered(_ packet: Packet) -> Packet {
        guard let payload = packet.payload.first,
            let (message, run) = try? WorkerMessage.decode(packet.frames[0].bytes),
            case .partialSum(var header) = message
        else { return packet }
        let gradients = FloatBuffer(count: world.training.parameterCount)
        payload.withBytes { gradients.copy(from: $0) }
        let node = TreeNode(level: header.level, residue: header.residue)
        let sum = PartialSum(node: node, tally: Tally(), gradients: gradients)
        answers += 1
        if isLie(sum, step: header.step), falsify(sum) {
            trace("lies about node \(node)")
            world.report.lies += 1
            header.checksum = sum.checksum
        }
        return Packet(
            WorkerMessage.partialSum(header).header(run: run), [frame(of: gradients)])
    }

    /// The frame of gradients; for some planted bugs its content changes after verification.
    private func frame(of gradients: FloatBuffer) -> VirtualFrame {
        let bytes = gradients.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
        guard let bug = world.bug, [.doorSkipped, .notFiniteAdded].contains(bug),
            world.random.oneIn(20)
        else { return VirtualFrame(bytes) }
        var damaged = bytes
        if bug == .doorSkipped { damaged[1] ^= 16 } else { damaged[3] = 0x7F; damaged[2] = 0xC0 }
        return VirtualFrame(bytes, afterVerification: damaged)
    }

    /// Whether the worker lies about a sum.
    private func isLie(_ sum: PartialSum, step: Int) -> Bool {
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

    /// Falsifies a sum; returns false if it stays unchanged.
    private func falsify(_ sum: PartialSum) -> Bool {
        if case .notFinite = host.liar {
            sum.gradients[0] = world.random.oneIn(2) ? .nan : .infinity
            return true
        }
        guard case .forger = host.liar else {
            // Members of a pact send the same bits; other liars each send different ones.
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
