import Requirements
import TestSupport
import Testing

/// A link on which weights take longer than the heartbeat's timeout.
@Suite(
    "Over a link that is slow for its weights,", .bench,
    .needs(ShapedNetwork.namespaces, .program("nsenter")))
struct SlowLinkTests {
    /// Three steps with weights of 800 KB, which take 1.6 s at 4 Mbit/s.
    private static let recipe = Recipe.small.with(
        "--hidden", "440", "--batch-size", "200", "--epochs", "1", "--heartbeat-timeout", "1")

    /// Starts a coordinator on such a link.
    private func coordinator(_ data: SampleData, _ run: RunFolder) async throws -> Cluster {
        try await Cluster(Self.recipe, data, into: run, under: ShapedNetwork.setUp(megabits: 4))
    }

    /// Starts a process at the other end of the coordinator's link.
    private func start(_ command: String..., of cluster: Cluster) throws -> TernProcess {
        try bench.start(ShapedNetwork.command(beside: cluster.coordinator, command))
    }

    @Test("a run trains with its usual weights, and loses no worker")
    func trains() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let calm = try await Self.recipe.train(data, into: RunFolder("calm"))
        let cluster = try await coordinator(data, run)
        let worker = try start(ternPath, "worker", "--connect", cluster.endpoint, of: cluster)
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(summary.weights == calm.weights)
        #expect(try await worker.end().status == 0)
        let log = try run.text("coordinator.log")
        #expect(!log.contains(" left: it") && !log.contains("dropped"), "\(log)")
    }

    @Test("both ends notice that it is cut in the midst of the weights")
    func cut() async throws {
        let cluster = try await coordinator(try SampleData(), RunFolder())
        let worker = try start(ternPath, "worker", "--connect", cluster.endpoint, of: cluster)
        try await cluster.coordinator.line("training with 1 worker")
        #expect(try await start("ip", "link", "set", "lo", "down", of: cluster).end().status == 0)
        // No other timeout is that short before a run's first answer.
        let line = try await cluster.coordinator.line(" left: ")
        #expect(line.contains("it has been silent for") || line.contains("is closed"), "\(line)")
        try await worker.line("lost the coordinator")
    }

    @Test(
        "a Python worker, written from docs/protocol.md, trains alone", .needs(Python.zeroMQ))
    func foreign() async throws {
        let run = RunFolder()
        let cluster = try await coordinator(try SampleData(), run)
        let script = packagePath("Tests/ProcessTests/Fixtures/worker.py")
        let worker = try start(
            Python.withZeroMQ, script, "--connect", cluster.endpoint, "--key", bench.keys.worker,
            of: cluster)
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await worker.end().output.contains("sent 3 sums"))
        let log = try run.text("coordinator.log")
        #expect(!log.contains(" left: it") && !log.contains("dropped"), "\(log)")
    }
}
