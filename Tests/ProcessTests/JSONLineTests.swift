import FoundationEssentials
import Glibc
import Requirements
import Testing

@Suite(
    "jq reads every JSON line", .bench,
    .needs(.program("jq")))
struct JSONLineTests {
    @Test("of a run with a killed worker, on standard output and in its files")
    func killed() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with(
            "--workers", "2", "--log-format", "json", "--log-level", "debug", "--checkpoint-every",
            "100")
        let train = try start(recipe.arguments(try SampleData.large(), into: run))
        try await train.line("\"event\":\"step\"")
        let killed = try #require(bench.running("worker").first)
        kill(killed, SIGKILL)
        let ending = try await train.end()
        _ = try run.completed(ending)
        let output = try writeFile("output.jsonl", Array(ending.output.utf8))
        for path in [output] + ["events", "metrics", "timing"].map({ run.path("\($0).jsonl") }) {
            try await expectObjects(path)
        }
        #expect(try run.text("events.jsonl").contains("\"worker_left\""))
    }
}
