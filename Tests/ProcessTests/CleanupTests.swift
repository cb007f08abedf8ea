import FoundationEssentials
import Glibc
import Testing
import TestSupport

@Suite("After a process of a run is killed", .bench)
struct CleanupTests {
    /// 20 times between a process's start and well after its first steps, in milliseconds.
    static let moments: [Int] = {
        var noise = SplitMix64(state: 8)
        return (0..<20).map { _ in Int.random(in: 0..<600, using: &noise) }
    }()

    @Test("at any time, its workers end and its socket is removed", arguments: moments)
    func killed(milliseconds: Int) async throws {
        let recipe = Recipe.long.with("--workers", "3", "--epochs", "99")
        let train = try start(recipe.arguments(try SampleData.large(), into: RunFolder()))
        try await Task.sleep(for: .milliseconds(milliseconds))
        train.kill()
        #expect(try await train.end().status == 128 + SIGKILL)
        try await bench.nothingRuns()
    }

    @Test("the folder of the local workers' socket is removed")
    func meetingPoint() async throws {
        let recipe = Recipe.long.with("--workers", "2", "--epochs", "99")
        let train = try start(recipe.arguments(try SampleData.large(), into: RunFolder()))
        try await train.line("training with 2 workers")
        let worker = try #require(bench.running("worker").first)
        let endpoint = try #require(words(ofFile: "/proc/\(worker)/cmdline").dropFirst(3).first)
        let socket = String(endpoint.dropFirst("ipc://".count))
        #expect(FileManager.default.fileExists(atPath: socket))
        train.kill()
        try await bench.nothingRuns()
        let folder = URL(filePath: socket).deletingLastPathComponent()
        #expect(!FileManager.default.fileExists(atPath: folder.path(percentEncoded: false)))
    }

    @Test("a hanging local worker does not keep the run from ending")
    func hangingWorker() async throws {
        let recipe = Recipe.long.with("--workers", "2", "--epochs", "99")
        let train = try start(recipe.arguments(try SampleData.large(), into: RunFolder()))
        try await train.line("Step [20/600]")
        kill(try #require(bench.running("worker").first), SIGSTOP)
        train.signal(SIGTERM)
        #expect(try await train.end().status == 143)
        #expect(bench.running() == [])
    }
}
