import Foundation
import Requirements
import Testing

/// The fields of a line in `timing.jsonl` that tests read.
private struct Timing: Decodable {
    struct Worker: Decodable {
        let worker: String
        let lanes: [Double]
        let answer: Double
    }
    let interval: Double
    let steps: Int
    let bound: String?
    let phases: [String: Double]
    let workers: [Worker]
}

extension RunFolder {
    fileprivate var timings: [Timing] {
        get throws {
            let lines = try readFile(path("timing.jsonl"))
                .split(separator: 10, omittingEmptySubsequences: false)
            // The last line may be incomplete.
            return try lines.dropLast().map {
                try JSONDecoder().decode(Timing.self, from: Data($0))
            }
        }
    }

    /// Waits for a second in which the run had a matching bottleneck.
    fileprivate func bound(by isMeant: (String) -> Bool) async throws -> Timing {
        try await eventually(
            "its bound in \((try? text("timing.jsonl")) ?? "no timing.jsonl")",
            within: .seconds(5)
        ) {
            guard FileManager.default.fileExists(atPath: path("timing.jsonl")) else { return nil }
            return try timings.first { $0.bound.map(isMeant) == true }
        }
    }
}

@Suite("A run's timing", .bench)
struct TimingTests {
    @Test("names a slow worker within 5 s, and the trace shows it")
    func straggler() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with("--min-workers", "2", "--trace", "2-8")
        let cluster = try await Cluster(recipe, try SampleData.large(), into: run)
        let slow = try cluster.worker("--slow-down", "80")
        let fast = try cluster.worker()
        try await cluster.coordinator.line("training with 2 workers")
        let timing = try await run.bound { $0.hasPrefix("straggler ") }
        #expect(timing.bound?.hasSuffix(":\(slow.pid)") == true)
        #expect(timing.workers.count == 2)
        #expect(timing.workers.allSatisfy { $0.lanes.count == 1 && $0.lanes[0] > 0 })
        #expect(abs(timing.phases.values.reduce(0, +) - timing.interval) < 1e-6)

        try await cluster.coordinator.line("Step [20/600]")
        let trace = try TraceDocument(run)
        trace.check()
        #expect(trace.slices.filter { $0.cat == "step" }.compactMap(\.args?.step) == Array(2...8))
        let work = trace.slices.filter { $0.cat == "work" }
        let late = try #require(trace.process(":\(slow.pid)"))
        let quick = try #require(trace.process(":\(fast.pid)"))
        for slice in work where slice.pid == late { #expect(try #require(slice.dur) >= 80_000) }
        let times = work.filter { $0.pid == quick }.compactMap(\.dur).sorted()
        #expect(times[times.count / 2] < 80_000)
        #expect(trace.slices.filter { $0.cat == "lane" }.allSatisfy { $0.tid == 1 })
        cluster.coordinator.signal(SIGTERM)
        #expect(try await cluster.coordinator.end().status == 128 + SIGTERM)
    }

    @Test(
        "reports a link of 20 Mbit/s within 5 s",
        .needs(ShapedNetwork.namespaces, .program("nsenter")))
    func network() async throws {
        let run = RunFolder()
        let recipe = Recipe.long.with(
            "--min-workers", "2", "--hidden", "128", "--trace", "2-4")
        let cluster = try await Cluster(
            recipe, try SampleData.large(), into: run, under: ShapedNetwork.setUp(megabits: 20))
        for _ in 0..<2 {
            _ = try bench.start(
                ShapedNetwork.command(
                    beside: cluster.coordinator,
                    [ternPath, "worker", "--connect", cluster.endpoint]))
        }
        try await cluster.coordinator.line("training with 2 workers")
        _ = try await run.bound { $0 == "network" }
        let trace = try await eventually("a trace of three steps") {
            let trace = try? TraceDocument(run)
            return trace?.slices.filter { $0.cat == "step" }.count == 3 ? trace : nil
        }
        trace.check()
        // Computing takes a small part of the time from the weights to a worker's sum.
        let work = trace.slices.filter { $0.cat == "work" }.compactMap(\.dur).reduce(0, +)
        func times(_ kind: String) -> Double {
            trace.traceEvents.filter { $0.ph == kind }.map(\.start).reduce(0, +)
        }
        #expect(work < (times("f") - times("s")) / 2)
        cluster.coordinator.signal(SIGTERM)
        #expect(try await cluster.coordinator.end().status == 128 + SIGTERM)
    }

    @Test("is continued in timing.jsonl after a resume, which traces repeated steps")
    func resumed() async throws {
        let run = RunFolder()
        let data = try SampleData()
        let recipe = Recipe.small.with("--schedule", "constant", "--trace", "1-2")
        _ = try await recipe.train(data, into: run)
        let before = try run.timings.count
        #expect(before >= 1)
        #expect(try run.timings.map(\.steps).reduce(0, +) == 12)
        _ = try await run.resume("--epochs", "3", "--trace", "13-14")
        #expect(try run.timings.count > before)
        #expect(try run.timings.map(\.steps).reduce(0, +) == 18)
        let trace = try TraceDocument(run)
        trace.check()
        #expect(trace.slices.filter { $0.cat == "step" }.compactMap(\.args?.step) == [13, 14])
    }

    @Test(
        "cannot trace steps outside the run",
        arguments: [
            ("0-4", "--trace 0-4: the run has steps 1 to 12"),
            ("9-13", "--trace 9-13: the run has steps 1 to 12"),
        ])
    func badSteps(steps: String, message: String) async throws {
        let arguments = Recipe.small.with("--trace", steps).arguments(
            try SampleData(), into: RunFolder())
        try await expectRefusal(arguments, status: 64, message)
        #expect(!FileManager.default.fileExists(atPath: RunFolder().path))
    }
}
