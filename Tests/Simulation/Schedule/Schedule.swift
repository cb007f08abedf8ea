import Randomness

/// What happens in a simulated run: drawn from a seed, and with it the whole run.
package struct Schedule: Sendable {
    package let seed: UInt64
    /// Which of ``SmallTraining/all`` is run.
    package var training: Int
    /// The machines for workers, and how many of them have one at first.
    package var hosts: Int
    package var workers: Int
    package var minimumWorkers: Int
    package var checkpointEvery: Int
    /// How long the coordinator waits for workers.
    package var joinTimeout: Duration?
    /// How long training may pause for want of workers.
    package var pauseTimeout: Duration?
    /// The least time after which a worker that does not answer is dropped.
    package var answerTimeout: Duration
    /// The share of the shard gradients that are computed twice.
    package var audit = 0.0
    /// The share of audits on which both agree that the coordinator checks itself.
    package var recheck = 1.0 / 64
    /// How the workers of hosts, the first ones, compute wrongly; the others are honest.
    package var liars: [Liar] = []
    /// Whether the coordinator knows a worker again by its host, not by its connection.
    package var keepsIdentities = false
    /// What the last host is always slower by: so many times, and so long an answer; nil for nothing.
    package var slow: (pace: Int, lateness: Duration)?
    /// How long one slot takes to compute, on average.
    package var pace: Duration
    /// The longest time a message takes.
    package var latency: Duration
    /// The messages that sockets and the network hold in one direction of a connection, at most: libzmq's
    /// high-water marks of both sides.
    package var room = 32
    /// The longest time a file takes to be written.
    package var writing: Duration
    /// How long somebody takes to start anew what has ended.
    package var restart: Duration
    /// What befalls the run, each after so many messages and seconds, in order.
    package var faults: [(moment: Int, fault: Fault)]

    /// Whether liars may change the weights: not all sums are audited, or one may confirm another.
    var mayBeDeceived: Bool { !liars.isEmpty && audit < 1 || liars.contains(where: \.isInPact) }

    /// A run of a training that nothing befalls.
    package init(seed: UInt64, training: Int, workers: Int) {
        self.seed = seed
        self.training = training
        self.workers = workers
        hosts = workers
        minimumWorkers = 1
        checkpointEvery = 0
        answerTimeout = .seconds(30)
        pace = .milliseconds(3)
        latency = .milliseconds(1)
        writing = .milliseconds(5)
        restart = .seconds(1)
        faults = []
    }

    /// Draws a schedule.
    package init(seed: UInt64) {
        var random = Philox(seed: seed, for: "schedule")
        self.init(
            seed: seed, training: random.below(SmallTraining.all.count),
            workers: random.draw(1...4))
        hosts = max(workers, random.draw(2...6))
        minimumWorkers = random.oneIn(2) ? 1 : random.draw(1...workers)
        checkpointEvery = random.pick([0, 1, 2, 3, 5])
        joinTimeout = random.oneIn(2) ? nil : .seconds(30)
        pauseTimeout = random.oneIn(2) ? nil : .seconds(10)
        answerTimeout = random.pick([.seconds(2), .seconds(30)])
        pace = random.pick([.microseconds(200), .milliseconds(5), .milliseconds(100), .seconds(1)])
        latency = random.pick([.microseconds(50), .milliseconds(5), .milliseconds(300)])
        writing = random.pick([.milliseconds(1), .milliseconds(100), .seconds(3)])
        restart = random.draw(.milliseconds(10) ... .seconds(8))
        faults = Self.faults(&random)
        var auditing = Philox(seed: seed, for: "audited share")
        audit = auditing.pick([0, 0, 0.3, 1])
    }

    /// Faults at random moments, some of them close together.
    private static func faults(_ random: inout Philox) -> [(moment: Int, fault: Fault)] {
        // Some schedules see many kinds, some one kind again and again.
        let repeated = random.oneIn(4) ? fault(&random) : nil
        let span = random.pick([150, 400, 1_000])
        var moment = 0
        let faults = (0..<random.draw(0...12)).map { _ in
            if !random.oneIn(3) || moment == 0 { moment = random.below(span) }
            moment += random.below(4)
            return (moment: moment, fault: repeated ?? fault(&random))
        }
        return faults.enumerated()
            .sorted { ($0.element.moment, $0.offset) < ($1.element.moment, $1.offset) }
            .map(\.element)
    }

    private static func fault(_ random: inout Philox) -> Fault {
        switch random.below(31) {
        case 0: .hangComputation
        case 1...4: .killWorker
        case 5: .loseHost
        case 6...7: .stopWorker(span(&random))
        case 8: .slowWorker(random.pick([3, 30, 1_000]), span(&random))
        case 9...11: .startWorker
        case 12...13: .interruptWorker
        case 14...16: .cut(span(&random))
        case 17...18: .reset
        case 19...20: .repeatMessages(span(&random))
        case 21...24: .killCoordinator
        case 25: .stopCoordinator(span(&random))
        case 26: .interruptCoordinator
        case 27: .slowDisk(random.pick([10, 100]), span(&random))
        case 28: .fillDisk(span(&random))
        case 29: .damageMessages(span(&random))
        default: .damageCheckpoint(bit: random.below(1 << 20))
        }
    }

    /// A while that may be over before anybody notices, or long after.
    private static func span(_ random: inout Philox) -> Duration {
        random.draw(.zero...random.pick([.milliseconds(50), .seconds(2), .seconds(30)]))
    }
}

extension Schedule {
    /// Some lines for people.
    package var summary: String {
        """
        seed \(seed): training \(training), \(workers) workers on \(hosts) hosts, at least \
        \(minimumWorkers)
        a checkpoint every \(checkpointEvery) steps, written in up to \(writing)
        timeouts: to join \(text(joinTimeout)), in a pause \(text(pauseTimeout)), for an answer \
        \(answerTimeout)
        a slot takes about \(pace), a message up to \(latency), a restart \(restart)
        faults, each after so many messages and seconds: \
        \(faults.map { "\($0.moment) \($0.fault)" }.joined(separator: ", "))
        """
    }

    private func text(_ timeout: Duration?) -> String { timeout.map { "\($0)" } ?? "none" }
}
