import FoundationEssentials
import Testing

@Suite("A run finds its data from any folder, and always gets its own folder", .bench)
struct RunPlaceTests {
    /// Runs `tern` in another folder than the bench's.
    private func tern(in folder: String, _ arguments: [String]) async throws -> Ending {
        try await bench.start(["env", "-C", folder, ternPath] + arguments).end()
    }

    private func makeFolder(_ name: String) throws -> String {
        let path = bench.path(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Trains a run in `project/run` with these options, on data in `project/data/mnist`.
    private func trained(
        _ options: [String] = []
    ) async throws -> (project: String, run: RunFolder) {
        let project = try makeFolder("project")
        _ = try makeFolder("project/data")
        _ = try SampleData("project/data/mnist")
        let ending = try await tern(
            in: project,
            ["train", "--run-dir", "run", "--hidden", "16", "--epochs", "1"] + options)
        let run = RunFolder("project/run")
        _ = try run.completed(ending)
        return (project, run)
    }

    @Test(
        "after its data were searched for or named by a relative path",
        arguments: [[], ["--data", "data/mnist"], ["--data", "./data/../data/mnist"]])
    func elsewhere(options: [String]) async throws {
        let (_, run) = try await trained(options)
        let other = try makeFolder("other")
        for command in [
            ["verify", run.path], ["evaluate", run.path], ["train", "--resume", run.path],
        ] {
            let ending = try await tern(in: other, command)
            #expect(ending.status == 0, "\(command) \(ending)")
        }
        let again = RunFolder("again")
        let repeated = try await tern(
            in: other, ["train", "--config", run.path("config.json"), "--run-dir", again.path])
        #expect(try again.completed(repeated).weights == run.summary.weights)
    }

    @Test("after data and runs were moved together; otherwise an error names both places")
    func moved() async throws {
        let (project, _) = try await trained(["--data", "data/mnist"])
        let moved = bench.path("moved")
        try FileManager.default.moveItem(atPath: project, toPath: moved)
        let ending = try await tern(in: moved, ["verify", "run"])
        #expect(ending.status == 0, "\(ending)")
        let other = try makeFolder("other")
        expectRefusal(
            try await tern(in: other, ["verify", "\(moved)/run"]), status: 66,
            ["\(project)/data/mnist", "\(other)/data/mnist", "--data"])
        // A resumed run records the new place of its data.
        let resumed = try await tern(
            in: other, ["train", "--resume", "\(moved)/run", "--data", "../moved/data/mnist"])
        #expect(resumed.status == 0, "\(resumed)")
        let verified = try await tern(in: try makeFolder("a/b/c"), ["verify", "\(moved)/run"])
        #expect(verified.status == 0, "\(verified)")
    }

    @Test("and finds its initial weights, even if named by a relative path")
    func initialWeights() async throws {
        let (project, first) = try await trained()
        let ending = try await tern(
            in: project,
            [
                "train", "--run-dir", "second", "--hidden", "16", "--epochs", "1",
                "--initial-weights", "run/model.safetensors",
            ])
        let second = RunFolder("project/second")
        _ = try second.completed(ending)
        let other = try makeFolder("other")
        let verified = try await tern(in: other, ["verify", second.path])
        #expect(verified.status == 0, "\(verified)")
        let moved = bench.path("moved")
        try FileManager.default.moveItem(atPath: project, toPath: moved)
        let again = try await tern(in: moved, ["verify", "second"])
        #expect(again.status == 0, "\(again)")
        expectRefusal(
            try await tern(
                in: other, ["verify", "\(moved)/second", "--data", "\(moved)/data/mnist"]),
            status: 74, ["\(first.path("model.safetensors")) or run/model.safetensors"])
    }

    @Test("even if several runs start at the same moment")
    func sameMoment() async throws {
        let data = try SampleData()
        let options = ["--data", data.folder, "--hidden", "16", "--epochs", "1", "--workers", "1"]
        let runs = try (0..<3).map { number in
            try start(["train", "--restart", "1"] + options + ["--seed", "\(number)"])
        }
        for run in runs {
            let ending = try await run.end()
            #expect(ending.status == 0, "\(ending)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("runs"))
        #expect(names.count == 3)
        for name in names { #expect(try RunFolder("runs/\(name)").summary.status == "completed") }
    }

    @Test("unless it fails early, which leaves no folder")
    func nothing() async throws {
        let ending = try await start(
            ["train", "--restart", "1", "--data", bench.path("none")]
        ).end()
        #expect(ending.status == 66)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("runs"))
        #expect(names.isEmpty)
    }
}
