import Glibc
import Testing

@Suite("Workers that come and go change no bit", .bench)
struct DisturbanceTests {
    /// The weights' checksum of an undisturbed run.
    private func undisturbed(
        _ data: SampleData, _ recipe: Recipe = .long
    ) async throws -> String {
        try await recipe.with("--workers", "2").train(data, into: RunFolder("calm")).weights
    }

    @Test("when one joins during the run and gets shards, and another is killed")
    func joinAndLeave() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let recipe = Recipe.long
        let cluster = try await Cluster(recipe, data, into: run)
        let first = try cluster.worker()
        try await cluster.coordinator.line("Epoch [1/4], Step [40/600]")
        let second = try cluster.worker()
        try await cluster.coordinator.line("\(second.pid) holds shards")
        try await cluster.coordinator.line("Epoch [2/4], Step [40/600]")
        first.kill()
        try await cluster.coordinator.line("\(first.pid) left: its connection is closed; 1 here")
        let third = try cluster.worker("--threads", "2")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await second.end().status == 0)
        try await third.end()
        #expect(summary.weights == (try await undisturbed(data, recipe)))
    }

    @Test("when the only one is killed, and the run waits for another")
    func replaced() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run)
        try await cluster.loseOnlyWorker()
        #expect(!cluster.coordinator.hasEnded)
        let second = try cluster.worker("--threads", "3")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await second.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("when one hangs and is dropped, and joins as a new one when it wakes")
    func silent() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let recipe = Recipe.long.with("--heartbeat-timeout", "1")
        let cluster = try await Cluster(recipe, data, into: run)
        let first = try cluster.worker()
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        first.signal(SIGSTOP)
        let line = try await cluster.coordinator.line("\(first.pid) left: it has been silent for")
        #expect(line.contains("has waited"))
        try await cluster.coordinator.line("training pauses after step")
        let second = try cluster.worker()
        first.signal(SIGCONT)
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await second.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("when one does not answer, is dropped with a message, and joins again")
    func dropped() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let recipe = Recipe.long.with("--answer-timeout", "1", "--heartbeat-timeout", "60")
        let cluster = try await Cluster(recipe, data, into: run)
        let worker = try cluster.worker()
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        worker.signal(SIGSTOP)
        try await cluster.coordinator.line("\(worker.pid) left: no answer for")
        worker.signal(SIGCONT)
        try await worker.line("the coordinator expelled this worker: no answer for")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await worker.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("when one is late and another computes the same shards, as the log reports")
    func straggler() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long.with("--min-workers", "2"), data, into: run)
        var workers = [try cluster.worker(), try cluster.worker()]
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        // A slow worker may stand by, without shards to be late with.
        let log = cluster.coordinator.output
        workers.sort { shards(of: $0, in: log) < shards(of: $1, in: log) }
        let (busy, late) = (workers[0], workers[1])
        late.signal(SIGSTOP)
        let line = try await cluster.coordinator.line("\(late.pid) is late: silent for")
        #expect(line.contains(":\(busy.pid) computes too"))
        late.signal(SIGCONT)
        let ending = try await cluster.coordinator.end()
        let summary = try run.completed(ending)
        #expect(!ending.output.contains("left:"))
        #expect(!ending.output.contains("dropped"))
        for worker in [busy, late] { #expect(try await worker.end().status == 0) }
        #expect(summary.weights == (try await undisturbed(data)))
    }

    /// The number of a worker's shards in a coordinator's log.
    private func shards(of worker: TernProcess, in log: String) -> Int {
        let line = log.split(separator: "\n").last { $0.contains("\(worker.pid) holds ") }
        return line?.split(separator: " ").count { Int($0) != nil } ?? 0
    }

    @Test("when one leaves at SIGTERM with exit status 143")
    func leave() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run)
        let (staying, leaving) = (try cluster.worker(), try cluster.worker())
        for worker in [staying, leaving] {
            try await cluster.coordinator.line("\(worker.pid) holds shards")
        }
        leaving.signal(SIGTERM)
        let ending = try await leaving.end()
        #expect(ending.status == 143)
        #expect(ending.errors == "")
        try await cluster.coordinator.line("\(leaving.pid) left: it was stopped by a signal")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await staying.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("when fewer than --min-workers remain, and training pauses until enough are back")
    func pause() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long.with("--min-workers", "2"), data, into: run)
        let (first, second) = (try cluster.worker(), try cluster.worker())
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        first.kill()
        try await cluster.coordinator.line(": 1 here, 2 needed")
        let third = try cluster.worker("--threads", "2")
        let ending = try await cluster.coordinator.end()
        #expect(ending.output.contains("training pauses after step"))
        #expect(ending.output.contains(" with 2 workers"))
        for worker in [second, third] { #expect(try await worker.end().status == 0) }
        #expect(try run.completed(ending).weights == (try await undisturbed(data)))
    }

    @Test("when a pause times out, and the run is resumed")
    func pauseTimeout() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let recipe = Recipe.long.with("--min-workers", "2", "--pause-timeout", "1")
        let cluster = try await Cluster(recipe, data, into: run)
        let (first, second) = (try cluster.worker(), try cluster.worker())
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        first.kill()
        expectRefusal(
            try await cluster.coordinator.end(), status: 68,
            ["only 1 of 2 workers were left", "--pause-timeout", "--resume \(run.path)"])
        #expect(try await second.end().status == 0)
        #expect(try run.summary.steps > 600)
        #expect(try await run.resume().weights == (try await undisturbed(data)))
    }

    @Test("when they start before their coordinator")
    func workersFirst() async throws {
        let data = try SampleData()
        let endpoint = "ipc://\(bench.path("socket"))"
        let workers = try (0..<2).map { _ in try start(["worker", "--connect", endpoint]) }
        for worker in workers { try await worker.line("dials \(endpoint)") }
        let run = RunFolder()
        let recipe = Recipe.small.with("--min-workers", "2")
        let cluster = try await Cluster(recipe, data, into: run, listen: endpoint)
        let summary = try run.completed(try await cluster.coordinator.end())
        for worker in workers { #expect(try await worker.end().status == 0) }
        let local = try await Recipe.small.train(data, into: RunFolder("local"))
        #expect(summary.weights == local.weights)
    }

    @Test("when their coordinator is killed and they continue with the next one")
    func nextCoordinator() async throws {
        let data = try SampleData.large()
        let endpoint = "ipc://\(bench.path("socket"))"
        let run = RunFolder()
        let recipe = Recipe.long.with("--checkpoint-every", "50")
        let first = try await Cluster(recipe, data, into: run, listen: endpoint)
        let worker = try first.worker()
        try await first.coordinator.line("Epoch [2/4], Step [80/600]")
        first.coordinator.kill()
        try await worker.line("lost the coordinator")
        let second = try start(["coordinator", "--resume", run.path, "--listen", endpoint])
        let summary = try run.completed(try await second.end())
        #expect(try await worker.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("when a local one is killed", arguments: [1, 2])
    func localWorker(killed: Int) async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        // On two cores, two seconds remain for the kill.
        let recipe = Recipe.long.with("--epochs", "8")
        let train = try start(recipe.with("--workers", "3").arguments(data, into: run))
        try await train.line("Epoch [2/8], Step [20/600]")
        let workers = bench.running("worker")
        #expect(workers.count == 3)
        for pid in workers.prefix(killed) { kill(pid, SIGKILL) }
        try await train.line("\(3 - killed) here")
        let ending = try await train.end()
        #expect(ending.status == 0)
        #expect(ending.output.contains("ended: killed by signal 9"))
        #expect(try run.summary.weights == (try await undisturbed(data, recipe)))
    }

    @Test("when all local ones are killed: the run keeps its steps and says how to resume")
    func allLocalWorkers() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        // On two cores, two seconds remain for the kill.
        let recipe = Recipe.long.with("--epochs", "8")
        let train = try start(recipe.with("--workers", "2").arguments(data, into: run))
        try await train.line("Epoch [2/8], Step [20/600]")
        for pid in bench.running("worker") { kill(pid, SIGKILL) }
        expectRefusal(
            try await train.end(), status: 70,
            ["all local workers have ended", "tern train --resume \(run.path)"])
        #expect(try run.summary.status == "failed")
        #expect(try await run.resume().weights == (try await undisturbed(data, recipe)))
    }
}
