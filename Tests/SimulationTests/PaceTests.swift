import Simulation
import Testing

/// Workers with different speeds.
@Suite("A training with a slow worker") struct PaceTests {
    private let training = SmallTraining(examples: 160, batchSize: 8, shards: 8, epochs: 20)

    private func run(
        workers: Int, seed: UInt64 = 1, slow: (pace: Int, lateness: Duration)? = nil
    ) -> Report {
        var schedule = Schedule(seed: seed, training: 0, workers: workers)
        schedule.slow = slow
        return World(schedule, training).run()
    }

    /// The duration of a run's second half.
    private func laterHalf(_ report: Report) -> Duration {
        report.stepTimes[report.stepTimes.count - 1] - report.stepTimes[report.stepTimes.count / 2]
    }

    @Test("that adds 95 ms to each answer is as fast as without it", arguments: [2, 3, 4])
    func late(workers: Int) {
        let report = run(workers: workers, slow: (1, .milliseconds(95)))
        #expect(report.violation == nil)
        let without = run(workers: workers - 1)
        #expect(laterHalf(report) <= laterHalf(without) * 1.3)
        #expect(report.shares.values.contains(0), "it stands by")
    }

    @Test("at half the others' speed gives it half their share")
    func half() {
        let report = run(workers: 3, slow: (2, .zero))
        #expect(report.violation == nil)
        let shares = report.shares.sorted { $0.key < $1.key }.map(\.value)
        #expect(shares.reduce(0, +) == 8)
        #expect(shares.last.map { $0 == 1 || $0 == 2 } == true, "\(shares)")
    }

    @Test("does not change the shares if no worker is slow", arguments: 1...8)
    func equal(workers: Int) {
        for seed in 0..<3 {
            let report = run(workers: workers, seed: UInt64(seed))
            #expect(report.violation == nil)
            #expect(report.shareChanges == workers)
        }
    }

    @Test("gives a share back to a worker that is fast again, and never has fewer than its minimum")
    func recovery() {
        let long = SmallTraining(examples: 160, batchSize: 8, shards: 8, epochs: 150)
        var schedule = Schedule(seed: 3, training: 0, workers: 2)
        schedule.minimumWorkers = 2
        schedule.faults = [(moment: 200, fault: .slowWorker(40, .seconds(8)))]
        let report = World(schedule, long).run()
        #expect(report.violation == nil)
        #expect(report.shareChanges > 4, "once away, and once back")
        #expect(report.shares.values.allSatisfy { $0 > 0 }, "\(report.shares)")
    }
}
