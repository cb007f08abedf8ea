import FoundationEssentials
import Testing

@Suite("A wrong folder or checkpoint is rejected, and keeps its content", .bench)
struct BadFolderTests {
    /// Makes a run of 2 epochs of 6 steps with checkpoints at the steps 8, 10 and 12, and returns its
    /// weights' checksum.
    private func trained(_ data: SampleData, _ run: RunFolder) async throws -> String {
        try await Recipe.small.with("--checkpoint-every", "2").train(data, into: run).weights
    }

    @Test("if it already holds another run")
    func otherRun() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let weights = try await trained(data, run)
        try await expectRefusal(
            Recipe.small.with("--seed", "5").arguments(data, into: run), status: 73,
            "\(run.path) already holds a run", "--resume \(run.path)", "a new --run-dir")
        #expect(try run.summary.weights == weights)
    }

    @Test("if it is a file")
    func file() async throws {
        let (data, run) = (try SampleData(), RunFolder("data/\(SampleData.trainLabels)"))
        try await expectRefusal(
            Recipe.small.arguments(data, into: run), status: 74,
            "cannot make the folder \(run.path): Not a directory")
    }

    @Test("if it holds no run to resume")
    func noRun() async throws {
        try await expectRefusal(
            ["train", "--resume", bench.path("none")], status: 66,
            "\(bench.path("none")) holds no run", "check the path given to --resume")
    }

    @Test("if a run's configuration is damaged")
    func configuration() async throws {
        let run = RunFolder()
        _ = try await trained(try SampleData(), run)
        try run.change("config.json") { $0.removeLast($0.count / 2) }
        try await expectRefusal(
            ["train", "--resume", run.path], status: 78,
            "\(run.path)/config.json is not a usable configuration")
    }

    @Test(
        "if a resumed run gets other settings than before",
        arguments: [
            ("--hidden", "32", "16"), ("--batch-size", "10", "100"), ("--seed", "1", "0"),
            ("--shards", "32", "16"), ("--layers", "2", "1"),
            ("--optimizer", "sgd", "adam"), ("--nonlinearity", "relu", "tanh"),
        ])
    func otherSetting(option: String, given: String, expected: String) async throws {
        let run = RunFolder()
        let weights = try await trained(try SampleData(), run)
        try await expectRefusal(
            ["train", "--resume", run.path, option, given], status: 78,
            "\(option) is \(given) but \(run.path)/config.json has \(expected)",
            "leave the option out", "a new --run-dir")
        #expect(try await run.resume().weights == weights)
    }

    @Test("if a cosine schedule would change, with advice on what to do")
    func otherLength() async throws {
        let run = RunFolder()
        let weights = try await trained(try SampleData(), run)
        try await expectRefusal(
            ["train", "--resume", run.path, "--epochs", "3"], status: 78,
            "--epochs is 3, but the cosine schedule of this run was laid out for 2",
            "leave the option out",
            "--initial-weights \(run.path)/checkpoints/step-000000012.safetensors")
        #expect(try await run.resume().weights == weights)
    }

    @Test("if a checkpoint belongs to another run")
    func otherCheckpoint() async throws {
        let (data, run, other) = (try SampleData(), RunFolder(), RunFolder("other"))
        _ = try await trained(data, run)
        _ = try await Recipe.small.with("--hidden", "24").train(data, into: other)
        let name = "checkpoints/step-000000012.safetensors"
        try Data(readFile(other.path(name))).write(to: URL(filePath: run.path(name)))
        try await expectRefusal(
            ["train", "--resume", run.path], status: 78, "--hidden is 16", "\(name) has 24")
    }

    @Test("if a resumed run gets other data")
    func otherData() async throws {
        let run = RunFolder()
        _ = try await trained(try SampleData(), run)
        let other = try SampleData("other")
        try other.change(SampleData.trainImages) { $0[500] ^= 1 }
        try await expectRefusal(
            ["train", "--resume", run.path, "--data", other.folder], status: 65,
            "was made with another data set", "--data", "without --resume in a new --run-dir")
    }

    /// A way to damage a file.
    struct Damage: CustomTestStringConvertible {
        let testDescription: String
        let damage: @Sendable (inout [UInt8]) -> Void

        static let all = [
            Damage(testDescription: "truncated to nothing") { $0 = [] },
            Damage(testDescription: "truncated in its header") { $0.removeLast($0.count - 100) },
            Damage(testDescription: "truncated by a byte") { $0.removeLast() },
            Damage(testDescription: "with a bit flipped in its length") { $0[1] ^= 4 },
            Damage(testDescription: "with a bit flipped in its header") { $0[70] ^= 1 },
            Damage(testDescription: "with a bit flipped in its data") { $0[$0.count - 1000] ^= 16 },
            Damage(testDescription: "with its last bit flipped") { $0[$0.count - 1] ^= 1 },
        ]
    }

    @Test(
        "if a checkpoint is damaged, and the run resumes from the previous one to the same bits",
        arguments: Damage.all)
    func damaged(damage: Damage) async throws {
        let run = RunFolder()
        let weights = try await trained(try SampleData(), run)
        #expect(run.checkpoints.count == 3)
        let newest = "checkpoints/step-000000012.safetensors"
        try run.change(newest, damage.damage)
        let ending = try await tern(["train", "--resume", run.path])
        #expect(ending.output.contains("warning: skipping a checkpoint: \(run.path)/\(newest)"))
        #expect(ending.output.contains("resuming from \(run.path)/checkpoints/step-000000010"))
        #expect(try run.completed(ending).weights == weights)
    }

    @Test("if no checkpoint is valid, and the run does not start over")
    func noneWhole() async throws {
        let run = RunFolder()
        _ = try await trained(try SampleData(), run)
        for name in run.checkpoints { try run.change("checkpoints/\(name)") { $0.removeLast() } }
        try await expectRefusal(
            ["train", "--resume", run.path], status: 65, "no valid checkpoint is left",
            "step-000000012.safetensors is damaged",
            "put \(run.path("checkpoints")) away to repeat all steps")
        #expect(run.checkpoints.count == 3)
    }
}
