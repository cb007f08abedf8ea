import Requirements
import Testing

@Suite("mpirun", .bench, .needs(.program("mpirun")))
struct MPITests {
    @Test("starts eight workers that need only an address, for the weights of tern train")
    func workers() async throws {
        let data = try SampleData()
        let expected = try await Recipe.small.train(data, into: RunFolder("one")).weights
        let run = RunFolder("many")
        let cluster = try await Cluster(.small.with("--min-workers", "8"), data, into: run)
        let workers = try bench.start(
            ["mpirun", "-n", "8", "--allow-run-as-root", "--oversubscribe", ternPath, "worker"]
                + ["--connect", cluster.endpoint],
            environment: ["TMPDIR": bench.folder])
        let summary = try run.completed(try await cluster.coordinator.end())
        #expect(summary.workers == 8)
        #expect(summary.weights == expected)
        let ending = try await workers.end()
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.matches(of: /dismissed: the run is complete/).count == 8)
    }
}
