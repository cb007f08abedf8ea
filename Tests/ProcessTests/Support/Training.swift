import Testing

/// The options that the training runs of a test share.
struct Recipe: CustomTestStringConvertible {
    private var options: [(name: String, value: String)] = []

    /// A network and a run that take a fraction of a second.
    static let small = Recipe().with("--hidden", "16", "--epochs", "2", "--batch-size", "100")

    /// 4 epochs of 600 steps: long enough for a test to interfere within an epoch.
    static let long = Recipe().with("--epochs", "4", "--batch-size", "10", "--log-every", "20")
    /// One that outlasts faults and attacks, also on a fast machine where other tests run.
    static let lasting = long.with("--epochs", "16")

    var testDescription: String { options.map { "\($0) \($1)" }.joined(separator: " ") }

    /// The recipe with options added or changed: names and values alternate, with
    /// an empty value for a flag.
    func with(_ more: String...) -> Recipe {
        var recipe = self
        for index in stride(from: 0, to: more.count, by: 2) {
            recipe.options.removeAll { $0.name == more[index] }
            recipe.options.append((more[index], more[index + 1]))
        }
        return recipe
    }

    /// The arguments for training with this recipe.
    func arguments(
        for command: String = "train", _ data: SampleData, into run: RunFolder
    ) -> [String] {
        [command, "--data", data.folder, "--run-dir", run.path] + words
    }

    /// The options as command-line arguments.
    var words: [String] {
        options.flatMap { $0.value.isEmpty ? [$0.name] : [$0.name, $0.value] }
    }

    /// Trains with `tern train` to the end, and returns the summary.
    func train(
        _ data: SampleData, into run: RunFolder, environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Summary {
        let ending = try await tern(arguments(data, into: run), environment: environment)
        return try run.completed(ending, sourceLocation: sourceLocation)
    }
}

extension RunFolder {
    /// The summary of the run; its last process must have completed it without errors.
    func completed(
        _ ending: Ending, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Summary {
        #expect(ending.status == 0, "\(ending)", sourceLocation: sourceLocation)
        #expect(ending.errors == "", sourceLocation: sourceLocation)
        let summary = try summary
        #expect(summary.status == "completed", sourceLocation: sourceLocation)
        return summary
    }

    /// Sends a signal to the run's `tern train`, which must end as documented and leave nothing running;
    /// returns the run's summary.
    func interrupted(
        _ train: TernProcess, by signal: Int32, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Summary {
        train.signal(signal)
        let ending = try await train.end()
        #expect(ending.status == 128 + signal, sourceLocation: sourceLocation)
        #expect(ending.errors == "", sourceLocation: sourceLocation)
        #expect(
            ending.output.contains("to go on: tern train --resume \(path)"),
            sourceLocation: sourceLocation)
        #expect(bench.running() == [], sourceLocation: sourceLocation)
        let summary = try summary
        #expect(summary.status == "interrupted", sourceLocation: sourceLocation)
        return summary
    }

    /// Resumes the run to its end, and returns the summary.
    func resume(
        _ options: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Summary {
        let ending = try await tern(["train", "--resume", path] + options)
        return try completed(ending, sourceLocation: sourceLocation)
    }
}

/// A coordinator on a port of its own choice, and workers that connect to it.
struct Cluster {
    let coordinator: TernProcess
    let endpoint: String
    private let environment: [String: String]

    /// Starts `tern coordinator`, and waits until it listens.
    ///
    /// - Parameters:
    ///   - isOpen: whether anybody may join, without the bench's credential.
    ///   - limits: shell commands to run first, such as `ulimit -Sn 100`.
    init(
        _ recipe: Recipe, _ data: SampleData, into run: RunFolder,
        listen: String = "tcp://127.0.0.1:*", isOpen: Bool = false, under limits: String = ":"
    ) async throws {
        environment = isOpen ? ["TERN_KEY": "none", "TERN_COORDINATOR_KEY": "none"] : [:]
        let arguments = recipe.arguments(for: "coordinator", data, into: run)
        let script = "\(limits) && exec \"$@\""
        coordinator = try bench.start(
            ["sh", "-c", script, "sh", ternPath] + arguments + ["--listen", listen],
            environment: environment)
        let line = try await coordinator.line("workers join with: tern worker --connect ")
        let words = line.split(separator: " ").drop { $0 != "--connect" }
        endpoint = String(words.dropFirst().first ?? "")
    }

    /// Starts a worker.
    func worker(_ options: String...) throws -> TernProcess {
        try start(["worker", "--connect", endpoint] + options, environment: environment)
    }

    /// Trains a long recipe with a single worker, and kills it in the second epoch.
    func loseOnlyWorker() async throws {
        let worker = try worker()
        try await coordinator.line("Epoch [2/4], Step [20/600]")
        worker.kill()
        try await coordinator.line("\(worker.pid) left: its connection is closed; 0 here")
    }
}
