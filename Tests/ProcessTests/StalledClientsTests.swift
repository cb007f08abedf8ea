import FoundationEssentials
import Glibc
import Requirements
import Testing

@Suite(
    "A thousand stalled clients", .bench,
    .needs(.program("curl"), .program("python3")))
struct StalledClientsTests {
    @Test("do not stop the monitor, fill its memory or change the run")
    func stalled() async throws {
        let data = try SampleData.large()
        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "9", "--workers", "2")
        let calm = try await recipe.train(data, into: RunFolder("calm"))

        try FileManager.default.createDirectory(
            atPath: bench.path("runs"), withIntermediateDirectories: false)
        let monitor = try await Monitor(bench.path("runs"))
        let port = String(monitor.address.split(separator: ":")[1])
        let clients = try bench.start(
            ["python3", Python.script("stall-clients.py"), port, "1000"])
        try await clients.line("1000 clients stall")

        let run = RunFolder("runs/run")
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Step [20/600]")
        // The run is stopped meanwhile, so that it does not end too early.
        train.signal(SIGSTOP)
        #expect(try await monitor.state("training", at: "/runs/run/status.json").members == 2)
        train.signal(SIGCONT)
        while !train.hasEnded {
            #expect(try await monitor.get("/healthz").body == "ok\n")
            #expect(try await monitor.get("/runs/run/").body.contains("</html>"))
        }
        let summary = try run.completed(try await train.end())
        #expect(summary.weights == calm.weights)
        let status = try await monitor.state("completed", at: "/runs/run/status.json")
        #expect(status.weights == calm.weights)
        #expect(!clients.hasEnded && !monitor.process.hasEnded)
        #expect(try residentMemory(of: monitor.process) < 100 << 20)
    }

    /// The resident memory of a process, in bytes.
    private func residentMemory(of process: TernProcess) throws -> Int {
        let text = String(decoding: try readFile("/proc/\(process.pid)/status"), as: UTF8.self)
        let match = try #require(text.firstMatch(of: /VmRSS:\s+(\d+) kB/))
        return try #require(Int(match.1)) << 10
    }
}
