import Glibc
import Testing

@Suite("Workers that come and go change no bit", .bench)
struct DisturbanceTests {
    /// The bits that a recipe comes to when nobody disturbs it.
    private func undisturbed(
        _ data: SampleData, _ recipe: Recipe = .long
    ) async throws -> String {
        try await recipe.with("--workers", "2").train(data, into: RunFolder("calm")).weights
    }

    @Test("a worker that joins in mid-run gets shards, and one that is killed is made do without")
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

    @Test("a run whose only worker is killed stands still until another comes")
    func replaced() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long, data, into: run)
        let first = try cluster.worker()
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        first.kill()
        try await cluster.coordinator.line("\(first.pid) left: its connection is closed; 0 here")
        #expect(!cluster.coordinator.hasEnded)
        let second = try cluster.worker("--threads", "3")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await second.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("a worker that hangs loses its shards to the others, and is sent home when it wakes")
    func hung() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long.with("--min-workers", "2"), data, into: run)
        let (busy, hung) = (try cluster.worker(), try cluster.worker())
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        hung.signal(SIGSTOP)
        try await cluster.coordinator.line("\(hung.pid) left")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await busy.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("a worker told to stop by SIGTERM takes its leave and ends with 143")
    func leave() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let cluster = try await Cluster(.long.with("--min-workers", "2"), data, into: run)
        let (staying, leaving) = (try cluster.worker(), try cluster.worker())
        try await cluster.coordinator.line("Epoch [2/4], Step [20/600]")
        leaving.signal(SIGTERM)
        let ending = try await leaving.end()
        #expect(ending.status == 143)
        #expect(ending.errors == "")
        try await cluster.coordinator.line("\(leaving.pid) left: it was told to stop by a signal")
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(try await staying.end().status == 0)
        #expect(summary.weights == (try await undisturbed(data)))
    }

    @Test("workers may start before their coordinator")
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

    @Test("workers go on with the next coordinator when theirs is killed")
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

    @Test("a local worker that is killed is made do without", arguments: [1, 2])
    func localWorker(killed: Int) async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try start(Recipe.long.with("--workers", "3").arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        let workers = bench.running("worker")
        #expect(workers.count == 3)
        for pid in workers.prefix(killed) { kill(pid, SIGKILL) }
        try await train.line("\(3 - killed) here")
        let ending = try await train.end()
        #expect(ending.status == 0)
        #expect(ending.output.contains("a local worker process ended: killed by signal 9"))
        #expect(try run.summary.weights == (try await undisturbed(data)))
    }

    @Test("a run whose local workers are all killed keeps its steps, and says how to go on")
    func allLocalWorkers() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try start(Recipe.long.with("--workers", "2").arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        for pid in bench.running("worker") { kill(pid, SIGKILL) }
        expectRefusal(
            try await train.end(), status: 70,
            ["all local workers have ended", "tern train --resume \(run.path)"])
        #expect(try run.summary.status == "failed")
        #expect(try await run.resume().weights == (try await undisturbed(data)))
    }
}
