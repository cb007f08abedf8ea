import Glibc
import Requirements
import Testing

@Suite(
    "A Python worker, written from docs/protocol.md,", .bench,
    .needs(Python.zeroMQ))
struct ForeignWorkerTests {
    /// Without Adam and clipping, which would amplify small differences between sums.
    private static let recipe = Recipe.small.with(
        "--optimizer", "sgd", "--learning-rate", "0.1", "--clip-norm", "0", "--log-every", "1")
    /// Steps with shards and whole nodes without examples, label smoothing, and ranges of another size.
    private static let uneven = recipe.with(
        "--batch-size", "10", "--epochs", "1", "--label-smoothing", "0.1", "--shards", "32")

    @Test(
        "trains beside a Tern worker, and the weights differ from Tern's alone only by rounding",
        arguments: [recipe, uneven], [false, true])
    func trains(recipe: Recipe, isOpen: Bool) async throws {
        let (data, run, alone) = (try SampleData(), RunFolder(), RunFolder("alone"))
        let expected = try await recipe.train(data, into: alone)
        let cluster = try await Cluster(
            recipe.with("--min-workers", "2"), data, into: run, isOpen: isOpen)
        let python = try foreignWorker(of: cluster, isOpen: isOpen)
        let worker = try cluster.worker()
        let ending = try await python.end()
        #expect(try await worker.end().status == 0)
        #expect(try await cluster.coordinator.end().status == 0)
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.hasPrefix("dismissed: the run is complete; sent "), "\(ending)")
        let log = try run.text("coordinator.log")
        #expect(!log.contains("dropped") && !log.contains(" left: "), "\(log)")
        // The other arithmetic changed the weights.
        let summary = try run.summary
        #expect(summary.weights != expected.weights)
        #expect(summary.workers == 2)
        try expectNear(run, alone)
    }

    @Test("trains alone, and is dismissed when its coordinator stops")
    func alone() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let cluster = try await Cluster(Self.recipe.with("--epochs", "100000"), data, into: run)
        let python = try foreignWorker(of: cluster, isOpen: false)
        try await cluster.coordinator.line("Epoch [2/100000] done")
        cluster.coordinator.signal(SIGTERM)
        #expect(try await cluster.coordinator.end().status == 128 + SIGTERM)
        let ending = try await python.end()
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.hasPrefix("dismissed: the run ends; sent "), "\(ending)")
    }

    private func foreignWorker(of cluster: Cluster, isOpen: Bool) throws -> TernProcess {
        let script = packagePath("Tests/ProcessTests/Fixtures/worker.py")
        let key = isOpen ? [] : ["--key", bench.keys.worker]
        return try bench.start(
            [Python.withZeroMQ, script, "--connect", cluster.endpoint] + key,
            environment: ["OPENBLAS_NUM_THREADS": "1"])
    }

    /// Expects that losses and weights differ only by rounding.
    private func expectNear(_ run: RunFolder, _ other: RunFolder) throws {
        let losses = try [run, other].map { try $0.metrics.compactMap(\.loss) }
        try #require(losses[0].count == losses[1].count && !losses[0].isEmpty)
        for (loss, expected) in zip(losses[0], losses[1]) { #expect(abs(loss - expected) < 1e-5) }
        let tensors = try [run, other].map {
            try TensorFile(readFile($0.path("model.safetensors"))).tensors
        }
        #expect(tensors[0].map(\.name) == tensors[1].map(\.name))
        for (tensor, expected) in zip(tensors[0], tensors[1]) {
            let error = zip(tensor.values, expected.values).map { abs($0 - $1) }.max() ?? 0
            #expect(error < 1e-5, "\(tensor.name)")
        }
    }
}
