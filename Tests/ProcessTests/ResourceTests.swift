import FoundationEssentials
import Glibc
import Requirements
import Testing

@Suite("Before any work begins, a command reports that it may have too few", .bench)
struct ResourceTests {
    /// Wraps a command with a limit of threads: root runs it as a user without other processes.
    private func limited(threads: Int, _ arguments: [String]) -> [String] {
        Unprivileged.command + ["prlimit", "--nproc=\(threads)", ternPath] + arguments
    }

    /// The commands that start others or listen, with options for the worker.
    private func runs(
        _ data: SampleData, into run: RunFolder, _ workerOptions: String...
    ) -> [[String]] {
        let endpoint = "ipc://\(bench.path("socket"))"
        return [
            Recipe.small.with("--workers", "2").arguments(data, into: run),
            Recipe.small.with("--restart", "1").arguments(data, into: run),
            Recipe.small.arguments(for: "coordinator", data, into: run) + ["--listen", endpoint],
            ["worker", "--connect", endpoint] + workerOptions,
            ["bench", "round"], ["bench", "train", "--data", data.folder],
        ]
    }

    @Test(
        "threads",
        .needs(Unprivileged.user),
        arguments: [6, 9, 12])
    func threads(limit: Int) async throws {
        let data = try SampleData()
        let run = RunFolder()
        let commands =
            runs(data, into: run, "--threads", "8") + [["bench", "kernels", "--threads", "32"]]
        for arguments in commands {
            let ending = try await bench.start(limited(threads: limit, arguments)).end()
            expectRefusal(
                ending, status: 69,
                [" threads are needed, but only ", "this user may have \(limit) processes"])
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
    }

    @Test("descriptors", arguments: [9, 16, 20])
    func descriptors(limit: Int) async throws {
        let data = try SampleData()
        let run = RunFolder()
        for arguments in runs(data, into: run) {
            let ending = try await bench.start(
                ["prlimit", "--nofile=\(limit)", ternPath] + arguments
            ).end()
            expectRefusal(
                ending, status: 69,
                ["may have \(limit) open files and connections (ulimit -n), but needs "])
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
    }

    @Test("but a command that only reads and prints needs few")
    func few() async throws {
        let data = try SampleData()
        let run = RunFolder()
        _ = try await Recipe.small.train(data, into: run)
        let model = run.path("model.safetensors")
        for arguments in [
            ["verify", run.path], ["inspect", model],
            ["evaluate", model, "--data", data.folder],
        ] {
            let ending = try await bench.start(
                ["prlimit", "--nofile=40", ternPath] + arguments
            ).end()
            #expect(ending.status == 0, "\(ending)")
        }
    }
}
