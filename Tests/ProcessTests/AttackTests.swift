import Foundation
import Hashing
import Protocol
import Testing
import ZeroMQ
import TestSupport

@Suite("A coordinator trains to the same weights in bounded memory under an attack", .bench)
struct AttackTests {
    private static let lastingLine = "Epoch [1/16], Step [20/600]"

    @Test("of many wrong messages while its worker computes")
    func whileTraining() async throws {
        let data = try SampleData.large()
        async let calm = Recipe.long.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run, isOpen: true)
        _ = try cluster.worker()
        try await cluster.coordinator.line("Epoch [1/4], Step [20/600]")
        try await withThrowingTaskGroup { group in
            for attack in [strangers, liar, halfMessages] {
                group.addTask {
                    try await Attacker.with(cluster.endpoint) { attacker in
                        while !Task.isCancelled { try await attack(attacker) }
                    }
                }
            }
            try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
            group.cancelAll()
            // A wait may only fail by cancellation.
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        let ending = try await soundEnd(of: cluster)
        #expect(try run.completed(ending).weights == (try await calm.weights))
    }

    @Test("of all kinds while it waits for a worker")
    func whileWaiting() async throws {
        let data = try SampleData.large()
        async let calm = Recipe.long.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run, isOpen: true)
        try await cluster.loseOnlyWorker()
        for (name, attack) in [
            ("strangers", strangers), ("a liar", liar), ("half messages", halfMessages),
            ("too large messages", tooLarge), ("hellos", hellos), ("a silent reader", fetches),
        ] {
            try await Attacker.with(cluster.endpoint, attack)
            try note(name, cluster)
        }
        try await crowd(cluster)
        try note("a crowd", cluster)
        #expect(!cluster.coordinator.hasEnded, "\(cluster.coordinator.errors)")
        try await RawConnection.sendGarbage(cluster.endpoint)
        try note("garbage", cluster)
        for (count, size) in [(1, 100_000), (10_000, 0)] {
            let sent = try await RawConnection.sendWithoutEnd(cluster.endpoint, count, of: size)
            #expect(sent < 300 << 20, "\(sent) bytes of one message were taken")
        }
        try note("a message without end", cluster)
        _ = (try cluster.worker(), try cluster.worker())
        try await cluster.coordinator.line("Epoch [3/4], Step [20/600]")
        let ending = try await soundEnd(of: cluster)
        #expect(try run.completed(ending).weights == (try await calm.weights))
    }

    @Test("by a member with NaN gradients, which is expelled before the run diverges")
    func poison() async throws {
        try await isUndisturbed(from: "Epoch [2/4], Step [20/600]") { cluster in
            try await Attacker.with(cluster.endpoint) { attacker in
                try await attacker.join()
                let work = try await attacker.work()
                let payload = [UInt8](repeating: 0xFF, count: 4 * 21_514)
                let checksum = payload.withUnsafeBytes { XXH3.hash64($0) }
                // One sum for each leaf that has examples in this step of ten: the coordinator accepts no more sums
                // than an honest worker sends.
                for slot in work.ranges.ranges.joined() {
                    let residue = (0..<4).reduce(0) { $0 | (slot >> $1 & 1) << (3 - $1) }
                    guard (residue - 10 * work.step) & 15 < 10 else { continue }
                    try await attacker.send(
                        sum(
                            step: work.step, level: 4, residue: residue, examples: 1,
                            checksum: checksum), payload)
                }
                try await cluster.coordinator.line("evil:1 left: it sent wrong gradients in step")
            }
        }
    }

    @Test("by a member that answers work with the status of an impossible step, without a sum")
    func impossibleStatus() async throws {
        try await isUndisturbed { cluster in
            try await Attacker.with(cluster.endpoint) { attacker in
                try await attacker.join()
                _ = try await attacker.work()
                let status = WorkerStatus(phase: .computing, step: .max, seconds: 0.5)
                for _ in 0..<100 { try await attacker.send(.status(status)) }
                try await cluster.coordinator.line(
                    "dropped a message from evil:1: a malformed message: its step is \(Int.max)")
            }
        }
    }

    @Test("by strangers that use more descriptors than a shell allows a process")
    func descriptors() async throws {
        // The coordinator keeps opening files.
        let recipe = Recipe.long.with("--checkpoint-every", "5")
        try await isUndisturbed(recipe, under: "ulimit -Sn 100") { cluster in
            try (0..<400).map { _ in try RawConnection(cluster.endpoint) }
        }
    }

    @Test("by strangers that connect while it is stopped and fill its queue")
    func waitingStrangers() async throws {
        try await isUndisturbed { cluster in
            cluster.coordinator.signal(SIGSTOP)
            defer { cluster.coordinator.signal(SIGCONT) }
            // Clients that found no room would retry after one second, then two, four, and so on.
            return try (0..<400).map { _ in try RawConnection(cluster.endpoint) }
        }
    }

    @Test("by strangers that flood it with small messages and pings, and disconnect")
    func hangUps() async throws {
        try await isUndisturbed(Recipe.lasting, from: Self.lastingLine) { cluster in
            try await RawConnection.floodAndHangUp(cluster.endpoint)
            #expect(try peakMemory(of: cluster.coordinator) < mostMemory)
        }
    }

    @Test("by strangers without its key, whose messages it does not read")
    func keyless() async throws {
        try await isUndisturbed(Recipe.lasting, isOpen: false, from: Self.lastingLine) { cluster in
            let coordinator = cluster.coordinator
            try await Attacker.with(cluster.endpoint) { _ in
                try await coordinator.line("a connection was refused: ")
            }
            try await RawConnection.floodAndHangUp(cluster.endpoint)
            try await RawConnection.sendGarbage(cluster.endpoint)
            #expect(
                try await RawConnection.sendWithoutEnd(cluster.endpoint, 1, of: 1000) < 10 << 20)
            #expect(try peakMemory(of: coordinator) < mostMemory)
            let words = coordinator.output.split(separator: "\n")
            #expect(words.count { $0.contains(" joined from ") } == 1)
            #expect(!words.contains { $0.contains("dropped") || $0.contains("protocol version") })
        }
    }

    /// Waits for the end of a run, and expects bounded memory and a bounded log.
    private func soundEnd(of cluster: Cluster) async throws -> Ending {
        #expect(try peakMemory(of: cluster.coordinator) < mostMemory)
        let ending = try await cluster.coordinator.end()
        #expect(ending.output.split(separator: "\n").count < 5000)
        return ending
    }

    private func note(_ name: String, _ cluster: Cluster) throws {
        let line = "after \(name): \(try peakMemory(of: cluster.coordinator)) MiB\n"
        FileHandle.standardError.write(Data(line.utf8))
    }

    // MARK: - Attacks

    private func sum(
        step: Int, level: Int = 0, residue: Int = 0, examples: Int = 10, correct: Int = 0,
        checksum: UInt64 = 0
    ) -> WorkerMessage {
        .partialSum(
            PartialSumHeader(
                step: step, level: level, residue: residue, examples: examples, correct: correct,
                loss: 1, checksum: checksum))
    }

    /// Sends messages that only members may send, and messages of another run.
    private func strangers(_ attacker: Attacker) async throws {
        for number in 0..<2000 {
            try await attacker.send(sum(step: number), [UInt8](repeating: 0, count: 1000))
            try await attacker.send(.ready(SlotRanges(0..<16)), run: RunID(UInt64(number)))
            try await attacker.send(.fetch(Fetch(shard: number, first: 0)), run: RunID(1))
        }
    }

    /// A member that reports ready, gives wrong answers, and then leaves.
    private func liar(_ attacker: Attacker) async throws {
        try await attacker.join()
        let range = try await attacker.answer("an assignment") { message, _ in
            if case .assign(let range) = message { range } else { nil }
        }
        try await attacker.send(.ready(range))
        let work = try await attacker.answer("work") { message, _ in
            if case .weights(let work) = message { work } else { nil }
        }
        let payload = [UInt8](repeating: 0, count: 4 * 21_514)
        for step in [work.step, work.step - 1, 0, work.step + 1, .max] {
            for level in [0, 1, 4, 5, 63, Int(UInt32.max)] {
                for (residue, examples) in [(0, 11), (1, 0), (16, 1), (Int(UInt32.max), 9)] {
                    try await attacker.send(
                        sum(
                            step: step, level: level, residue: residue, examples: examples,
                            correct: 12, checksum: 0x1234), payload)
                }
            }
        }
        try await attacker.send(.leave(Notice(reason: String(repeating: "bored ", count: 5000))))
        try await attacker.reconnect()
    }

    /// Sends headers without their payload, and with too much of it.
    private func halfMessages(_ attacker: Attacker) async throws {
        for number in 0..<1000 {
            try await attacker.send(sum(step: number))
            try await attacker.send(sum(step: number), [1], [2], [3])
            let many = [[UInt8]](repeating: [1, 2, 3], count: 40)
            try await attacker.send(frames: [sum(step: number).header(run: RunID(1))] + many)
            try await attacker.send(frames: [[]])
        }
    }

    /// Sends frames over the limit, each of which ends the connection, and many just below it.
    private func tooLarge(_ attacker: Attacker) async throws {
        for _ in 0..<20 {
            for size in [100_000, 100_000, 4 << 20] {
                try await attacker.send(sum(step: 0), [UInt8](repeating: 0, count: size))
            }
        }
    }

    /// One peer that keeps introducing itself, and then one that reconnects each time.
    private func hellos(_ attacker: Attacker) async throws {
        for _ in 0..<5000 { try await attacker.send(.hello(attacker.hello())) }
        let long = String(repeating: "evil\u{1B}[2J\n", count: 4000)
        for _ in 0..<300 {
            try await attacker.reconnect()
            try await attacker.send(.hello(attacker.hello(long)))
        }
    }

    /// A member that requests examples endlessly and reads none of them.
    private func fetches(_ attacker: Attacker) async throws {
        for _ in 0..<20 {
            try await attacker.join()
            for _ in 0..<500 { await attacker.offer(.fetch(Fetch(shard: 3, first: 0))) }
            try await attacker.reconnect()
        }
    }

    /// A thousand connections; over each, a peer joins, sends requests, and reads nothing.
    ///
    /// Each takes two descriptors of this process; if the limit is too low, the crowd is smaller.
    private func crowd(_ cluster: Cluster) async throws {
        let size = min(1000, DescriptorLimit.raise() / 4)
        try await Attacker.with(cluster.endpoint) { attacker in
            try await attacker.join()
            try await attacker.multiply(by: size)
            // The coordinator accepts more over time, and soon all of these.
            try await eventually("a crowd of connections") {
                let descriptors = "/proc/\(cluster.coordinator.pid)/fd"
                let open = try FileManager.default.contentsOfDirectory(atPath: descriptors)
                return open.count > size / 5
            }
            for _ in 0..<3000 { await attacker.offer(.hello(attacker.hello())) }
            for _ in 0..<20_000 { await attacker.offer(.fetch(Fetch(shard: 3, first: 0))) }
            for _ in 0..<3000 {
                await attacker.offer(sum(step: 1), [UInt8](repeating: 0, count: 90_000))
            }
        }
    }
}
