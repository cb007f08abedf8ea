import Simulation
import Testing

/// All combinations of shards, workers, batch sizes and audit fractions, with and without liars.
@Suite("A training with audits") struct AuditKindTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let shards: Int
        let batchSize: Int
        var testDescription: String { "\(shards) shards, \(batchSize) examples a step" }
    }

    static let kinds = [1, 2, 16, 64, 256].flatMap { shards in
        [1, 7, 64].map { Kind(shards: shards, batchSize: $0) }
    }

    private func training(_ kind: Kind) -> SmallTraining {
        // Six steps; the last one is short if possible.
        let examples = max(kind.shards, 6 * kind.batchSize - kind.batchSize / 2)
        return SmallTraining(
            examples: examples, batchSize: kind.batchSize, shards: kind.shards, epochs: 1)
    }

    private func schedule(_ workers: Int, audit: Double, seed: Int) -> Schedule {
        var schedule = Schedule(seed: UInt64(seed), training: 0, workers: workers)
        schedule.audit = audit
        return schedule
    }

    @Test("ends with the undisturbed weights, and accuses nobody", arguments: kinds)
    func honest(kind: Kind) {
        let training = training(kind)
        for (index, workers) in [1, 2, 3, 8].enumerated() {
            for audit in [0, 0.2, 1] {
                let report = World(schedule(workers, audit: audit, seed: index), training).run()
                #expect(report.violation == nil, "\(workers) workers, audit \(audit)")
            }
        }
    }

    @Test("uses no sum of a liar and catches it if all sums are audited", arguments: kinds)
    func liar(kind: Kind) {
        let training = training(kind)
        for (index, workers) in [1, 2, 3, 5].enumerated() {
            var schedule = schedule(workers, audit: 1, seed: index)
            schedule.liars = [.everyAnswer(3)]
            let report = World(schedule, training).run()
            #expect(report.violation == nil, "\(workers) workers")
            #expect(report.found > 0 || report.lies == 0, "\(workers) workers")
            #expect(report.lies > 0 || workers > 1, "a lone liar has enough to answer")
        }
    }

    @Test("uses no sum of a liar although workers join and leave", arguments: kinds)
    func churn(kind: Kind) {
        let training = training(kind)
        for (index, workers) in [2, 3, 5].enumerated() {
            var schedule = schedule(workers, audit: 1, seed: index)
            schedule.liars = [.everyAnswer(3)]
            schedule.answerTimeout = .seconds(2)
            schedule.faults = (1...12).map { number in
                let fault: Fault =
                    switch (number + index) % 4 {
                    case 0: .killWorker
                    case 1: .stopWorker(.seconds(8))
                    case 2: .interruptWorker
                    default: .slowWorker(30, .seconds(20))
                    }
                return (moment: 15 * number, fault: fault)
            }
            #expect(World(schedule, training).run().violation == nil, "\(workers) workers")
        }
    }
}
