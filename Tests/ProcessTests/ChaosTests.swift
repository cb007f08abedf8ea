import FoundationEssentials
import Requirements
import Testing

/// Runs Scripts/chaos on a small data set.
@Suite("Scripts/chaos", .bench)
struct ChaosTests {
    private func chaos(_ arguments: [String]) async throws -> Ending {
        try await bench.start(["\(buildFolder)/tern-chaos"] + arguments).end()
    }

    @Test("ends with the undisturbed weights after all faults, over ipc and tcp")
    func seeds() async throws {
        let data = try SampleData.large()
        let ending = try await chaos([
            "--data", data.folder, "--epochs", "4", "--batch-size", "10", "--seeds", "2",
            "--faults", "4",
        ])
        #expect(ending.output.contains("seed 0 over ipc, step "), "\(ending)")
        #expect(ending.output.contains("seed 1 over tcp, step "), "\(ending)")
        #expect(
            ending.output.contains("2 runs, 8 faults, at most "), "\(ending)")
        #expect(
            ending.output.contains(
                "all ended with the undisturbed sum, and nothing was left running"), "\(ending)")
        #expect(bench.running() == [])
    }

    @Test(
        "prints only lines of JSON that jq can read, whatever happens",
        .needs(.program("jq")))
    func json() async throws {
        let data = try SampleData.large()
        let ending = try await chaos([
            "--data", data.folder, "--epochs", "4", "--batch-size", "10", "--seeds", "1",
            "--faults", "4", "--json",
        ])
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("all ended with the undisturbed sum"), "\(ending)")
    }

    @Test("reports how to repeat a failed run, and keeps its files")
    func failure() async throws {
        let data = try SampleData()
        // The run ends before the last fault is due.
        let ending = try await chaos([
            "--data", data.folder, "--epochs", "1", "--batch-size", "300", "--seeds", "1",
            "--from", "5",
        ])
        #expect(ending.status == 1)
        let repeating = "Scripts/chaos --from 5 --seeds 1 --workers 3 --faults 5 --epochs 1 "
        #expect(ending.output.contains(repeating), "\(ending)")
        #expect(ending.output.contains("these seeds failed: 5"))
        let words = ending.output.split { $0.isWhitespace || $0 == ";" }
        let folder = String(try #require(words.first { $0.hasPrefix("/tmp/tern-chaos-") }))
        #expect(FileManager.default.fileExists(atPath: "\(folder)/coordinator.out"))
        try FileManager.default.removeItem(
            at: URL(filePath: folder).deletingLastPathComponent())
        #expect(bench.running() == [])
    }

    @Test("rejects invalid options in one line")
    func refusal() async throws {
        let ending = try await chaos(["--faults", "0"])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("--faults must be above 0"))
    }
}
