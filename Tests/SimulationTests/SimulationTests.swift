import Foundation
import Simulation
import Testing

@Suite("A simulated training")
struct SimulationTests {
    private func expectSuccess(_ seed: UInt64) {
        let report = World(Schedule(seed: seed)).run()
        if let violation = report.violation {
            Issue.record(
                "seed \(seed): \(violation)\n    Scripts/simulate --seed \(seed) --trace")
        }
    }

    @Test("gets, without faults, the weights of one without machines", arguments: 0..<4)
    func undisturbed(training: Int) {
        for workers in 1...9 {
            let report = World(Schedule(seed: 1, training: training, workers: workers)).run()
            #expect(report.violation == nil, "\(workers) workers")
            #expect(report.steps == SmallTraining.all[training].steps)
        }
    }

    @Test("ends even if a connection has room for one message and others wait", arguments: 0..<4)
    func fullPipes(part: Int) {
        for seed in part * 25..<(part + 1) * 25 {
            var schedule = Schedule(seed: UInt64(seed))
            schedule.room = 1
            #expect(World(schedule).run().violation == nil, "seed \(seed)")
        }
    }

    @Test("ends with seeds that once failed")
    func pastFailures() throws {
        let path = try #require(
            Bundle.module.path(forResource: "Fixtures/past-failures", ofType: "txt"))
        let seeds = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { try #require(UInt64($0.prefix { $0 != " " })) }
        seeds.forEach(expectSuccess)
    }

    @Test("finds each planted bug within 1,000 seeds", arguments: PlantedBug.allCases)
    func plantedBugs(bug: PlantedBug) {
        let found = (0..<1_000).contains { seed in
            let schedule = Schedule(seed: UInt64(seed))
            return World(schedule, bug: bug).run().violation != nil
                && World(schedule).run().violation == nil
        }
        #expect(found)
    }

    @Test("is distinguished from one that hangs")
    func hanging() {
        var schedule = Schedule(seed: 1, training: 0, workers: 1)
        schedule.minimumWorkers = 2
        #expect(World(schedule).run().violation?.contains("has not ended") == true)
    }

    @Test("repeats, event by event, for the same seed", arguments: 0..<20)
    func replay(seed: Int) {
        func trace() -> [String] {
            var lines: [String] = []
            _ = World(Schedule(seed: UInt64(seed)), trace: { lines.append($0) }).run()
            return lines
        }
        #expect(trace() == trace())
    }

    @Test("includes every kind of fault")
    func kinds() {
        let kinds = (0..<1_000).flatMap { Schedule(seed: $0).faults.map(\.fault.kind) }
        #expect(Set(kinds).count == 17)
    }
}
