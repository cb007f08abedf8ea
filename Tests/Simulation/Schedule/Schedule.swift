import Randomness

/// The plan of a simulated run: drawn from a seed, it determines the whole run.
package struct Schedule: Sendable {
    package let seed: UInt64
    /// The index of the training in ``SmallTraining/all``.
    package var training: Int
    /// The number of machines for workers, and how many of them have one at first.
    package var hosts: Int
    package var workers: Int
    package var minimumWorkers: Int
    package var checkpointEvery: Int
    /// How long the coordinator waits for workers to join.
    package var joinTimeout: Duration?
    /// How long training may pause with too few workers.
    package var pauseTimeout: Duration?
    /// The minimum time after which a worker that does not answer is dropped.
    package var answerTimeout: Duration
    /// The fraction of shard gradients that are computed twice.
    package var audit = 0.0
    /// The fraction of matching audits that the coordinator checks itself.
    package var recheck = 1.0 / 64
    /// The liars, on the first hosts; the other hosts are honest.
    package var liars: [Liar] = []
    /// Whether the coordinator recognizes a worker by its host, not by its connection.
    package var keepsIdentities = false
    /// The constant slowness of the last host: a factor, and a delay of each answer; nil for none.
    package var slow: (pace: Int, lateness: Duration)?
    /// The mean time to compute one slot.
    package var pace: Duration
    /// The maximum latency of a message.
    package var latency: Duration
    /// The maximum number of messages in one direction of a connection: the high-water marks of libzmq on both
    /// sides.
    package var room = 32
    /// The maximum time to write a file.
    package var writing: Duration
    /// The delay before an ended process is started again.
    package var restart: Duration
    /// The faults in order, each after a number of messages and seconds.
    package var faults: [(moment: Int, fault: Fault)]

    /// Whether liars may change the weights: some sums are not audited, or one liar may confirm another.
    var mayBeDeceived: Bool { !liars.isEmpty && audit < 1 || liars.contains(where: \.isInPact) }

    /// A run of a training without faults.
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
        // Some schedules have many kinds, others repeat one kind.
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

    /// A time that may end before anybody notices, or much later.
    private static func span(_ random: inout Philox) -> Duration {
        random.draw(.zero...random.pick([.milliseconds(50), .seconds(2), .seconds(30)]))
    }
}

extension Schedule {
    /// A summary in a few lines.
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
