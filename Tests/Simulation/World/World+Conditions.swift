import DataParallel
import Protocol

// The durations of operations, and the limits of memory.

extension World {
    /// The latency of a message: often zero, so that several arrive at once.
    func latency() -> Duration {
        random.oneIn(2) ? .zero : random.draw(.zero...schedule.latency)
    }

    /// The time of a computation on a host.
    func computingTime(of slots: Int, on host: Host) -> Duration {
        let time = random.draw(schedule.pace * slots * 0.5...schedule.pace * slots * 1.5)
        return min(time * host.slowness, max(time, .seconds(40))) * host.pace + host.lateness
    }

    /// The time to write a file.
    func writingTime() -> Duration {
        random.draw(.zero...schedule.writing) * disk.slowness
    }

    /// Whether the unwritten record leaves memory for another step; with a slow disk sometimes not.
    func recordHasRoom() -> Bool { disk.slowness == 1 || !random.oneIn(4) }

    /// A message as it arrives from a host whose network may damage it.
    ///
    /// A bit flips, the length changes, or the header grows too long. A header's own bits stay, because only the
    /// connection protects them.
    func damaged(_ packet: Packet, from host: Host) -> Packet {
        guard host.isDamaging, random.oneIn(2) else { return packet }
        var packet = packet
        let last = packet.frames.count - 1
        var bytes = packet.frames[last].bytes
        switch random.below(3) {
        case 0 where last > 0: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case 1 where last > 0: bytes.removeLast()
        default: bytes += Array(repeating: 32, count: maximumHeaderSize)
        }
        packet.frames[last] = VirtualFrame(bytes)
        return packet
    }

    /// The settings that the coordinator's decisions depend on.
    var coordinatorSettings: CoordinatorSettings {
        let configuration = training.job.configuration
        var settings = CoordinatorSettings(
            welcome: Welcome(
                training.job.architecture, plan: training.job.plan, seed: configuration.seed,
                labelSmoothing: configuration.labelSmoothing),
            epochs: configuration.epochs, minimumWorkers: schedule.minimumWorkers,
            checkpointEvery: schedule.checkpointEvery, joinTimeout: schedule.joinTimeout,
            pauseTimeout: schedule.pauseTimeout, answerTimeout: schedule.answerTimeout)
        settings.audit = schedule.audit
        settings.auditKey = schedule.seed
        settings.recheck = schedule.recheck
        settings.examplesPerPart = World.examplesPerMessage
        return settings
    }

    /// Checks that a process's state does not grow without limit.
    func checkSize(of state: Any, _ name: String) {
        let stored = storedValues(in: state)
        maxima.stored = max(maxima.stored, stored)
        if stored > 260 * (10 + training.job.plan.shards) {
            fail("\(name) holds \(stored) values in its \(type(of: state))")
        }
    }
}
