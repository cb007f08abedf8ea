import Randomness
import Simulation
import Testing

/// Any workers lie in any pattern, join and leave, and help each other to lie.
@Suite("A training with liars") struct LiarTests {
    private func schedule(seed: Int, _ random: inout Philox) -> Schedule {
        let workers = 2 + random.below(4)
        var schedule = Schedule(seed: UInt64(seed), training: seed % 4, workers: workers)
        schedule.keepsIdentities = true
        schedule.audit = 1
        schedule.checkpointEvery = [0, 1, 3][random.below(3)]
        schedule.answerTimeout = .seconds(2)
        var moment = 0
        schedule.faults = (0..<random.below(12)).map { _ in
            moment += 5 + random.below(20)
            let faults: [Fault] = [
                .killWorker, .interruptWorker, .reset, .startWorker, .stopWorker(.seconds(8)),
                .slowWorker(30, .seconds(20)), .cut(.seconds(9)),
            ]
            return (moment: moment, fault: faults[random.below(faults.count)])
        }
        return schedule
    }

    private func liars(_ count: Int, _ random: inout Philox) -> [Liar] {
        (0..<count).map { number in
            let often = 1 + random.below(8)
            let habits: [Liar] = [
                .everyAnswer(often), .everyAnswerToItsShare(often), .someAudits(oneIn: often),
                // Two that forge by the same rule would agree.
                number == 0 ? .forger(oneIn: often) : .everyAnswer(often),
            ]
            return habits[random.below(habits.count)]
        }
    }

    @Test(
        "commits only steps with the sums of honest workers if all sums are audited",
        arguments: 0..<8)
    func alone(part: Int) {
        for seed in part * 10..<part * 10 + 10 {
            var random = Philox(seed: UInt64(seed), for: "liars")
            var schedule = schedule(seed: seed, &random)
            schedule.liars = liars(1 + random.below(schedule.workers - 1), &random)
            let report = World(schedule).run()
            #expect(report.violation == nil, "seed \(seed): \(schedule.liars)")
        }
    }

    @Test("finds a wrong sum with the checksum of the right one")
    func forged() {
        var lies = 0
        for seed in 0..<10 {
            var schedule = Schedule(seed: UInt64(seed), training: 2, workers: 3)
            schedule.audit = 1
            schedule.liars = [.forger(oneIn: 3)]
            let report = World(schedule).run()
            #expect(report.violation == nil, "seed \(seed)")
            #expect(report.found > 0 || report.lies == 0, "seed \(seed)")
            lies += report.lies
        }
        #expect(lies > 5)
    }

    @Test("rejects a sum that is not finite on arrival, audited or not", arguments: [0, 1.0])
    func notFinite(audit: Double) {
        var lies = 0
        for seed in 0..<10 {
            var schedule = Schedule(seed: UInt64(seed), training: seed % 4, workers: 3)
            schedule.audit = audit
            schedule.liars = [.notFinite(3)]
            let report = World(schedule).run()
            #expect(report.violation == nil, "seed \(seed)")
            #expect(report.found > 0 || report.lies == 0, "seed \(seed)")
            #expect(report.firstWrongStep == nil, "seed \(seed)")
            lies += report.lies
        }
        #expect(lies > 5)
    }

    @Test("that agree on wrong sums ends with honest weights, or reports where doubt begins")
    func pact() {
        var (lies, wrong, silent) = (0, 0, 0)
        for seed in 0..<80 {
            var random = Philox(seed: UInt64(seed), for: "pact")
            var schedule = schedule(seed: seed, &random)
            schedule.workers = 3 + random.below(3)
            schedule.hosts = schedule.workers
            schedule.liars = [.pact(oneIn: 3), .pact(oneIn: 3)]
            let report = World(schedule).run()
            #expect(report.violation == nil, "seed \(seed)")
            lies += report.lies
            guard let first = report.firstWrongStep else { continue }
            wrong += 1
            #expect(report.foundHosts.count < 2, "seed \(seed): both were found")
            if report.foundHosts.isEmpty {
                silent += 1
            } else {
                let doubted = report.doubtedFromStep
                #expect(doubted.map { $0 <= first } == true, "seed \(seed): from \(first)")
            }
        }
        #expect(lies > 100)
        // Each run has ten or more lies; an honest auditor gets every second one.
        #expect(silent <= 4, "of \(wrong) that were deceived")
    }

    @Test("finds a liar that falsifies every hundredth sum as often as its audit fraction predicts")
    func arithmetic() {
        let training = SmallTraining(examples: 80, batchSize: 2, shards: 2, epochs: 10)
        let (share, runs, lies) = (0.1, 100, training.steps / 100)
        let found = (0..<runs).count { seed in
            var schedule = Schedule(seed: UInt64(seed), training: 0, workers: 2)
            schedule.keepsIdentities = true
            schedule.audit = share
            schedule.liars = [.everyAnswerToItsShare(100)]
            let report = World(schedule, training).run()
            #expect(report.violation == nil, "seed \(seed)")
            return report.found > 0
        }
        var missed = 1.0
        for _ in 0..<lies { missed *= 1 - share }
        let expected = Double(runs) * (1 - missed)
        // A correct program exceeds this once in a million runs.
        let limit = 4.9 * (expected * missed).squareRoot() + 1
        #expect(abs(Double(found) - expected) <= limit, "\(found), not \(expected)")
    }
}

extension Sequence {
    /// The number of elements that satisfy a condition.
    fileprivate func count(where isSo: (Element) -> Bool) -> Int {
        reduce(0) { $0 + (isSo($1) ? 1 : 0) }
    }
}
