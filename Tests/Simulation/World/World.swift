import DataParallel
import Randomness
import Training

/// A simulated run: virtual machines, processes, network and disk in virtual time.
///
/// Nothing in it depends on anything but its schedule: a failing seed fails again.
package final class World {
    /// How long a side that hears nothing waits until it takes the connection for dead.
    static let heartbeatTimeout = Duration.seconds(5) ... .seconds(6)
    /// How long a worker looks for a coordinator.
    static let workerPatience = Duration.seconds(60)
    /// The examples that the coordinator sends in one message.
    static let examplesPerMessage = 4

    let schedule: Schedule
    let training: SmallTraining
    let bug: PlantedBug?
    private let sink: ((String) -> Void)?

    var queue = EventQueue()
    /// What delays and computing times are drawn from.
    var random: Philox
    var maxima = Maxima()
    var report: Report
    lazy var history = History(training, mayBeDeceived: schedule.mayBeDeceived) {
        [unowned self] in fail($0)
    }
    /// The sums about which one of the pact has lied.
    var liesOfPact: Set<Lie> = []
    private(set) lazy var network = Network(self)
    let disk = Disk()
    let hosts: [Host]
    private(set) var coordinator: CoordinatorProcess?
    private(set) var isComplete = false
    /// The faults that are still to come, the next last.
    var faults: [(moment: Int, fault: Fault)]
    /// When all that troubles the run was ended; nil before.
    var calmSince: Duration?
    private var processes = 0
    /// The messages that have arrived and the seconds that have passed: what faults wait for.
    var activity = 0

    /// A world in which `schedule` is to take place.
    ///
    /// - Parameters:
    ///   - training: what is trained, if not one of ``SmallTraining/all``.
    ///   - bug: a mistake to make on purpose.
    ///   - trace: told what happens, a line an event.
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

    /// Lets all happen that is to happen.
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

    /// Lets faults come also where no message does.
    private func pulse() {
        guard !isComplete else { return }
        activity += 1
        queue.plan(after: .seconds(1)) { [self] in pulse() }
    }

    /// Lets the next event happen; false if there is none.
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

    /// Objects refer to each other: that is undone.
    private func end() {
        queue.removeAll()
        for host in hosts { host.worker?.end() }
        coordinator?.end()
    }

    /// Something that must not happen has happened: the run is over.
    func fail(_ what: String) {
        trace("!!!", what)
        if report.violation == nil { report.violation = what }
    }

    /// A worker is said to have computed wrongly.
    func isFoundOut(_ worker: String) {
        report.found += 1
        let host = hosts.first { worker.hasPrefix($0.name + ":") }
        host.map { _ = report.foundHosts.insert($0.name) }
        if host?.liar == nil { fail("\(worker), an honest worker, is found wrong") }
    }

    /// The run says that sums from a step on may be wrong.
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

    /// Starts a worker on a machine that has none.
    func startWorker(on host: Host) {
        guard !isComplete, host.worker?.isAlive != true else { return }
        processes += 1
        let worker = WorkerProcess(self, on: host, pid: processes)
        host.worker = worker
        worker.start()
    }

    /// Starts the coordinator from the newest whole checkpoint, if it does not run.
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
