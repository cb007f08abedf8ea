import FoundationEssentials
import Requirements
import Testing

@Suite("Lanes", .bench)
struct PlacementTests {
    private static let processors = ProcessInfo.processInfo.activeProcessorCount

    /// The processors that each worker's lane may use.
    private func places(workers: Int) async throws -> [String] {
        let recipe = Recipe.long.with(
            "--hidden", "128", "--batch-size", "128", "--epochs", "999", "--shards", "64",
            "--workers", "\(workers)")
        let train = try start(recipe.arguments(try SampleData.large(), into: RunFolder()))
        try await train.line("Step [40/47]")
        defer { train.kill() }
        return try bench.running("worker").flatMap { try Self.laneProcessors(of: $0) }
    }

    /// The processors of each computing thread; with one lane and short steps that is the worker's own thread.
    private static func laneProcessors(of worker: Int32) throws -> [String] {
        let tasks = "/proc/\(worker)/task"
        let statuses = try FileManager.default.contentsOfDirectory(atPath: tasks).map {
            words(ofFile: "\(tasks)/\($0)/status").joined().split(separator: "\n")
        }
        let computing = statuses.filter { $0.contains("Name:\ttern-worker") }
        return computing.compactMap { status in
            status.first { $0.hasPrefix("Cpus_allowed_list") }.map(String.init)
        }
    }

    @Test(
        "run on separate processors if the workers use all of them",
        .needs(Requirement("64 processors at most") { processors <= 64 }))
    func all() async throws {
        let places = try await places(workers: Self.processors)
        #expect(places.count == Self.processors)
        #expect(Set(places).count == Self.processors)
    }

    @Test(
        "run where Linux puts them if processors are left",
        .needs(Requirement("two processors") { processors > 1 }))
    func some() async throws {
        let places = try await places(workers: 1)
        #expect(places.count == 1)
        #expect(places.allSatisfy { $0.contains("-") || $0.contains(",") })
    }
}
