import FoundationEssentials
import Glibc
import Testing

@Suite("Logs for programs", .bench) struct LogTests {
    /// The JSON objects of a text, one a line.
    private func events(_ text: String) throws -> [Event] {
        try text.split(separator: "\n").map {
            try JSONDecoder().decode(Event.self, from: Data($0.utf8))
        }
    }

    @Test("have one JSON object a line, and events.jsonl has all but the steps")
    func json() async throws {
        let run = RunFolder()
        let arguments = Recipe.small.with("--workers", "2", "--log-format", "json")
            .arguments(try SampleData(), into: run)
        let ending = try await tern(arguments)
        _ = try run.completed(ending)
        let printed = try events(ending.output)
        let written = try run.events
        #expect(printed.contains { $0.event == "step" })
        #expect(!written.contains { $0.event == "step" })
        #expect(written.first?.event == "run_started")
        #expect(written.last?.event == "run_ended" && written.last?.status == "completed")
        #expect(written.filter { $0.event == "worker_joined" }.count == 2)
        #expect(try run.text("logs/worker-2.log").contains(" info "))
    }

    @Test("report a killed local worker as the first failure, on screen and in the files")
    func failure() async throws {
        let run = RunFolder()
        let arguments = Recipe.long.with("--workers", "2").arguments(
            try SampleData.large(), into: run)
        let train = try start(arguments)
        try await train.line("Step [20/600]")
        let killed = try #require(bench.running("worker").first)
        kill(killed, SIGKILL)
        let ending = try await train.end()
        _ = try run.completed(ending)
        let last = ending.output.split(separator: "\n").last ?? ""
        #expect(last.contains("the first failure: worker "))
        #expect(last.contains("process \(killed) on "))
        let failed = try run.events.filter { $0.event == "process_failed" }
        #expect(failed.map(\.failure?.pid) == [Int(killed)])
        #expect(failed.map(\.failure?.signal) == [9])
        #expect(try run.text("summary.json").contains("\"failure\""))
    }

    @Test("in a pipe have the time first if a run has several processes")
    func text() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run)
        let worker = try cluster.worker()
        let endings = [try await cluster.coordinator.end(), try await worker.end()]
        let form = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (info|notice|warning) \S+:\d+ .*/
        for ending in endings {
            let lines = ending.output.split(separator: "\n")
            #expect(
                !lines.isEmpty && lines.allSatisfy { $0.wholeMatch(of: form) != nil }, "\(ending)")
        }
    }

    @Test("are set by variables, which options override, and an invalid value gives one line")
    func variables() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        for name in ["TERN_LOG_LEVEL", "TERN_LOG_FORMAT"] {
            try await expectRefusal(
                Recipe.small.arguments(data, into: run), status: 64, "\(name) is 'loud'",
                environment: [name: "loud"])
        }
        let ending = try await tern(
            Recipe.small.with("--log-level", "warning", "--workers", "1").arguments(
                data, into: run),
            environment: ["TERN_LOG_LEVEL": "loud"])
        #expect(try run.completed(ending).steps == 12)
        #expect(ending.output.hasPrefix("  data set       custom\n"))
    }
}
