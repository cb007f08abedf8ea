import FoundationEssentials
import Glibc
import Testing
import TestSupport

@Suite("A coordinator that is killed", .bench)
struct CoordinatorRestartTests {
    /// The steps, of 2,400, at which the coordinator is killed: one in each tenth.
    private static let moments: [Int] = {
        var noise = SplitMix64(state: 50)
        return (0..<10).map { 240 * $0 + Int.random(in: 60..<220, using: &noise) }
    }()

    @Test(
        "resumes ten times with the same workers, and repeats at most 50 steps each time",
        arguments: ["tcp", "ipc"])
    func tenTimes(transport: String) async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        // Both workers are present at the end, and get its message.
        let recipe = Recipe.long.with(
            "--checkpoint-every", "50", "--log-every", "1", "--min-workers", "2")
        let listen = transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(bench.path("socket"))"
        let cluster = try await Cluster(recipe, data, into: run, listen: listen)
        let workers = [try cluster.worker(), try cluster.worker()]
        var coordinator = cluster.coordinator
        for moment in Self.moments {
            let (epoch, step) = ((moment - 1) / 600 + 1, (moment - 1) % 600 + 1)
            try await coordinator.line("Epoch [\(epoch)/4], Step [\(step)/600]")
            coordinator.kill()
            let made = try #require(lastStep(in: try await coordinator.end().output))
            #expect(made >= moment)
            coordinator = try start([
                "coordinator", "--resume", run.path, "--listen", cluster.endpoint,
                "--min-workers", "2",
            ])
            let line = try await coordinator.line("resuming from ")
            let kept = try #require(line.split(separator: " ").last.flatMap { Int($0) })
            #expect(made - kept <= 50, "\(made) steps were made, \(kept) are kept")
        }
        let summary = try run.completed(try await coordinator.end())
        for worker in workers { #expect(try await worker.end().status == 0) }
        let calm = RunFolder("calm")
        #expect(summary.weights == (try await Recipe.long.train(data, into: calm)).weights)
        let steps = try run.metrics.filter { $0.type == "step" }.map(\.step)
        #expect(steps == Array(1...2400))
    }

    /// The last step in a complete line of a log, counted over all epochs.
    private func lastStep(in output: String) -> Int? {
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard let line = lines.last(where: { $0.contains(", Step [") }),
            let start = line.firstRange(of: "Epoch [")
        else { return nil }
        let numbers = line[start.upperBound...].split { !$0.isNumber }.prefix(3).compactMap {
            Int($0)
        }
        return (numbers[0] - 1) * 600 + numbers[2]
    }

    @Test(
        "starts, resumes or completes its run with --resume-or-start and the same command"
    )
    func sameCommand() async throws {
        let data = try SampleData.large()
        let calm = try await Recipe.long.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let options =
            ["coordinator", "--data", data.folder, "--resume-or-start", run.path]
            + Recipe.long.words
        let first = try start(options + ["--listen", "tcp://127.0.0.1:*"])
        let words = try await first.line("workers join with: ").split(separator: " ")
        let endpoint = try #require(words.last { $0.hasPrefix("tcp://") })
        let worker = try start(["worker", "--connect", String(endpoint)])
        try await first.line("Epoch [2/4], Step [20/600]")
        first.signal(SIGTERM)
        #expect(try await first.end().status == 128 + SIGTERM)
        // The worker is not stopped: it waits for the coordinator that resumes the run.
        try await worker.line("lost the coordinator")
        let second = try start(options + ["--listen", String(endpoint)])
        try await second.line("resuming from ")
        #expect(try run.completed(try await second.end()).weights == calm.weights)
        #expect(try await worker.end().status == 0)
        let third = try await start(options + ["--listen", "tcp://127.0.0.1:*"]).end()
        #expect(try run.completed(third).weights == calm.weights)

        let other = try await tern(
            ["train", "--resume-or-start", run.path, "--data", data.folder, "--hidden", "20"])
        expectRefusal(other, status: 78, ["--hidden is 20 but ", "has 128"])
    }

    @Test("leaves half-written files that are removed later")
    func unfinishedFiles() async throws {
        let run = RunFolder()
        let first = try await Recipe.small.train(try SampleData(), into: run)
        let left = ["checkpoints/step-000000009.safetensors.4711.tmp", "metrics.jsonl.4711.tmp"]
        for name in left { try Data([1]).write(to: URL(filePath: run.path(name))) }
        try Data([1]).write(to: URL(filePath: run.path("notes.tmp")))
        #expect(try await run.resume().weights == first.weights)
        for name in left { #expect(!FileManager.default.fileExists(atPath: run.path(name))) }
        #expect(FileManager.default.fileExists(atPath: run.path("notes.tmp")))
    }

    @Test("leaves a socket folder that the next run removes")
    func meetingPoint() async throws {
        let folder = "/tmp/tern-meeting-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        _ = try await Recipe.small.train(try SampleData(), into: RunFolder())
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
