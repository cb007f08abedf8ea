import Testing

@Suite("The weights depend only on the configuration and the data", .bench)
struct ExactnessTests {
    static let recipes = [
        Recipe.small.with("--batch-size", "128"), Recipe.small.with("--batch-size", "100"),
        Recipe.small.with("--batch-size", "10"), Recipe.small.with("--layers", "2"),
        Recipe.small.with(
            "--nonlinearity", "relu", "--optimizer", "sgd", "--learning-rate", "0.05"),
        Recipe.small.with(
            "--optimizer", "rmsprop", "--momentum", "0.5", "--weight-decay", "0.01",
            "--label-smoothing", "0.1", "--schedule", "step", "--warmup", "3"),
        Recipe.small.with("--cell", "lstm", "--accumulate", "4"),
        Recipe.small.with(
            "--cell", "lstm", "--layers", "2", "--bidirectional", "", "--dropout", "0.2"),
        Recipe.small.with("--cell", "gru", "--convolution", "4", "--convolution", "6"),
        Recipe.small.with("--cell", "gru", "--bidirectional", "", "--readout", "mean"),
        Recipe.small.with("--sequence", "permuted", "--hidden", "8"),
        Recipe.small.with("--clip-norm", "0", "--schedule", "constant", "--shards", "32"),
    ]

    @Test("with 1, 2, 3, 4, 5 or 8 worker processes", arguments: recipes)
    func workers(recipe: Recipe) async throws {
        let data = try SampleData()
        var weights: Set<String> = []
        for count in [1, 2, 3, 4, 5, 8] {
            let summary = try await recipe.with("--workers", "\(count)")
                .train(data, into: RunFolder("run-\(count)"))
            #expect(summary.workers == count)
            weights.insert(summary.weights)
        }
        #expect(weights.count == 1)
    }

    @Test("with 1, 2 or 3 threads a worker", arguments: recipes)
    func threads(recipe: Recipe) async throws {
        let data = try SampleData()
        var weights: Set<String> = []
        for (workers, threads) in [(1, 1), (1, 2), (1, 3), (3, 2), (5, 3)] {
            let recipe = recipe.with("--workers", "\(workers)", "--threads", "\(threads)")
            let run = RunFolder("run-\(workers)-\(threads)")
            weights.insert(try await recipe.train(data, into: run).weights)
        }
        #expect(weights.count == 1)
    }

    @Test("over tcp and ipc", arguments: recipes)
    func transports(recipe: Recipe) async throws {
        let data = try SampleData()
        let local = try await recipe.with("--workers", "2").train(data, into: RunFolder("local"))
        for endpoint in ["tcp://127.0.0.1:*", "ipc://\(bench.path("socket"))"] {
            let run = RunFolder(String(endpoint.prefix(3)))
            let recipe = recipe.with("--min-workers", "3")
            let cluster = try await Cluster(recipe, data, into: run, listen: endpoint)
            let workers = [
                try cluster.worker(), try cluster.worker("--threads", "2"), try cluster.worker(),
            ]
            #expect(try await cluster.coordinator.end().status == 0)
            for worker in workers { #expect(try await worker.end().status == 0) }
            #expect(try run.summary.weights == local.weights)
            #expect(try run.summary.workers == 3)
        }
    }

    @Test("when a step accumulates batches instead of one large batch")
    func accumulation() async throws {
        let data = try SampleData()
        let recipe = Recipe.small.with("--epochs", "10")
        let single = try await recipe.with("--batch-size", "200").train(data, into: RunFolder("1"))
        let run = RunFolder("4")
        let four = try await recipe.with("--batch-size", "50", "--accumulate", "4")
            .train(data, into: run)
        #expect(single.steps == 30)
        #expect(four.steps == 30)
        #expect(four.weights == single.weights)
        #expect(try run.text("coordinator.log").contains("batch 4 x 50"))
    }

    @Test("in a second run, but not with another seed")
    func seed() async throws {
        let data = try SampleData()
        let first = try await Recipe.small.train(data, into: RunFolder("first"))
        let second = try await Recipe.small.train(data, into: RunFolder("second"))
        let other = try await Recipe.small.with("--seed", "1").train(data, into: RunFolder("other"))
        #expect(first.weights == second.weights)
        #expect(first.weights != other.weights)
        #expect(first.weights.count == 64)
    }

    @Test("with kernels for older and newer processors", arguments: recipes)
    func kernels(recipe: Recipe) async throws {
        let data = try SampleData()
        let fastest = try await recipe.train(data, into: RunFolder("fastest"))
        let run = RunFolder("common")
        let common = try await recipe.train(
            data, into: run, environment: ["TERN_KERNELS": commonKernels])
        #expect(fastest.weights == common.weights)
        #expect(try run.text("coordinator.log").contains("kernels \(commonKernels)"))
    }
}
