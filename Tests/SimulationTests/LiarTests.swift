import Randomness
import Simulation
import Testing

/// Any workers lie in any pattern, come and go, and help one another to lie.
@Suite("A training among liars") struct LiarTests {
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
                // Two who forge by the same rule would say the same.
                number == 0 ? .forger(oneIn: often) : .everyAnswer(often),
            ]
            return habits[random.below(habits.count)]
        }
    }

    @Test(
        "whose sums are all audited makes each step with the sums of honest workers",
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

    @Test("finds a sum whose checksum is that of the right one")
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

    @Test("finds a sum that is not finite at the door, audited or not", arguments: [0, 1.0])
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

    @Test("who agree on their lies ends with honest weights, or says from where they may be wrong")
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
        // Ten lies a run and more, of which an honest auditor gets every other one.
        #expect(silent <= 4, "of \(wrong) that were deceived")
    }

    @Test("finds who falsifies every hundredth sum as often as its share of audits says")
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
        // A right program is farther off once in a million.
        let limit = 4.9 * (expected * missed).squareRoot() + 1
        #expect(abs(Double(found) - expected) <= limit, "\(found), not \(expected)")
    }
}

extension Sequence {
    /// How many elements are so.
    fileprivate func count(where isSo: (Element) -> Bool) -> Int {
        reduce(0) { $0 + (isSo($1) ? 1 : 0) }
    }
}
