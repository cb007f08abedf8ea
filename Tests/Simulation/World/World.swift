import DataParallel
import Randomness
import Training

/// A simulated run: virtual machines, processes, network and disk in virtual time.
///
/// A run depends only on its schedule, so a failing seed fails again.
package final class World {
    /// How long a side that receives nothing waits before it considers the connection dead.
    static let heartbeatTimeout = Duration.seconds(5) ... .seconds(6)
    /// How long a worker looks for a coordinator.
    static let workerPatience = Duration.seconds(60)
    /// The number of examples that the coordinator sends in one message.
    static let examplesPerMessage = 4

    let schedule: Schedule
    let training: SmallTraining
    let bug: PlantedBug?
    private let sink: ((String) -> Void)?

    var queue = EventQueue()
    /// The source of random delays and computing times.
    var random: Philox
    var maxima = Maxima()
    var report: Report
    lazy var history = History(training, mayBeDeceived: schedule.mayBeDeceived) {
        [unowned self] in fail($0)
    }
    /// The falsified sums of the pact.
    var liesOfPact: Set<Lie> = []
    private(set) lazy var network = Network(self)
    let disk = Disk()
    let hosts: [Host]
    private(set) var coordinator: CoordinatorProcess?
    private(set) var isComplete = false
    /// The remaining faults, the next one last.
    var faults: [(moment: Int, fault: Fault)]
    /// When all faults were ended; nil before.
    var calmSince: Duration?
    private var processes = 0
    /// The number of messages arrived and seconds passed, which triggers the faults.
    var activity = 0

    /// A world for a run of `schedule`.
    ///
    /// - Parameters:
    ///   - training: the training, if not one of ``SmallTraining/all``.
    ///   - bug: a bug to plant.
    ///   - trace: receives one line per event.
    package init(
        _ schedule: Schedule, _ training: SmallTraining? = nil, bug: PlantedBug? = nil,
        trace: ((String) -> Void)? = nil
    ) {
        self.schedule = schedule
        self.bug = bug
        sink = trace
        self.training = training ?? SmallTraining.all[schedule.training]
        random = Philox(seed: schedule.seed, for: "what happens")
        faults = schedule.faults.reversed()
        hosts = (0..<schedule.hosts).map { Host(name: "host\($0)") }
        for (host, liar) in zip(hosts, schedule.liars) { host.liar = liar }
        for (number, host) in hosts.enumerated() { host.lieBit = 1 << UInt32(1 + number % 16) }
        if let slow = schedule.slow, let host = hosts.last {
            (host.pace, host.lateness) = (slow.pace, slow.lateness)
        }
        if schedule.keepsIdentities {
            for (number, host) in hosts.enumerated() {
                let digits = String(number, radix: 16)
                host.identity = String(repeating: "0", count: 32 - digits.count) + digits
            }
        }
        report = Report(seed: schedule.seed)
    }

    // MARK: - Running

    /// Runs the simulation to its end.
    package func run() -> Report {
        startCoordinator()
        for host in hosts.prefix(schedule.workers) { startWorker(on: host) }
        pulse()
        repeat { strike() } while report.violation == nil && advance()
        report.duration = queue.now
        report.steps = history.committed
        report.repeated = history.repeated
        report.firstWrongStep = history.firstWrongStep
        end()
        report.maxima = maxima
        return report
    }

    /// Makes faults due even when no messages arrive.
    private func pulse() {
        guard !isComplete else { return }
        activity += 1
        queue.plan(after: .seconds(1)) { [self] in pulse() }
    }

    /// Handles the next event; false if there is none.
    private func advance() -> Bool {
        guard let event = queue.next() else {
            if !isComplete { fail("nothing is left to happen, and the run is not complete") }
            return false
        }
        event()
        report.events += 1
        checkProgress()
        return true
    }

    private func checkProgress() {
        if report.events > 500_000 { fail("the run has not ended after 500,000 events") }
        guard let calmSince, queue.now - calmSince > .seconds(900) else { return }
        let hanging = isComplete ? "a worker has not ended" : "the run has not ended"
        fail("\(hanging) 900 seconds after the last trouble")
    }

    /// Ends all processes, because objects refer to each other.
    private func end() {
        queue.removeAll()
        for host in hosts { host.worker?.end() }
        coordinator?.end()
    }

    /// Reports a violation, which ends the run.
    func fail(_ what: String) {
        trace("!!!", what)
        if report.violation == nil { report.violation = what }
    }

    /// A worker is reported for wrong sums.
    func isFoundOut(_ worker: String) {
        report.found += 1
        let host = hosts.first { worker.hasPrefix($0.name + ":") }
        host.map { _ = report.foundHosts.insert($0.name) }
        if host?.liar == nil { fail("\(worker), an honest worker, is found wrong") }
    }

    /// The run reports that sums from a step on may be wrong.
    func isDoubted(fromStep step: Int) {
        report.doubtedFromStep = min(step - 1, report.doubtedFromStep ?? step - 1)
    }

    /// Writes a line of the trace.
    func trace(_ who: @autoclosure () -> String, _ what: @autoclosure () -> String) {
        guard let sink else { return }
        let microseconds = "\(queue.now.components.attoseconds / 1_000_000_000_000)"
        let padding = String(repeating: "0", count: 6 - microseconds.count)
        let time = "\(queue.now.components.seconds).\(padding)\(microseconds)"
        sink("\(time) s  \(who()): \(what())")
    }

    /// Counts a fault that has struck.
    func count(_ fault: Fault) { report.faults[fault.kind, default: 0] += 1 }

    // MARK: - Processes

    /// Starts a worker on a machine without one.
    func startWorker(on host: Host) {
        guard !isComplete, host.worker?.isAlive != true else { return }
        processes += 1
        let worker = WorkerProcess(self, on: host, pid: processes)
        host.worker = worker
        worker.start()
    }

    /// Starts the coordinator from the newest valid checkpoint, if it is not running.
    func startCoordinator() {
        guard !isComplete, coordinator?.isAlive != true else { return }
        report.sessions += 1
        let checkpoint = bug?.tamper(with: disk.newest()) ?? disk.newest()
        let process = CoordinatorProcess(
            self, session: report.sessions, resuming: checkpoint)
        coordinator = process
        process.start()
    }

    /// A worker has ended by itself.
    func workerEnded(_ worker: WorkerProcess) {
        guard worker.host.restarts else { return }
        queue.plan(after: schedule.restart) { [self] in startWorker(on: worker.host) }
    }

    /// The coordinator has ended by itself.
    func coordinatorEnded(_ outcome: Outcome, _ state: TrainingState) {
        switch outcome {
        case .completed:
            isComplete = true
            history.complete(weights: state.parameters.sha256)
            faults = []
            calm()
        case .diverged(let step): fail("the run has diverged in step \(step)")
        default: queue.plan(after: schedule.restart) { [self] in startCoordinator() }
        }
    }
}
