import DataParallel
import FoundationEssentials
import Glibc
import Launching
import Logging
import Monitoring
import Subprocess
import SystemPackage
import Training
import ZeroMQ

/// Starts a run's coordinator, which starts the workers, and starts it again when it crashes.
///
/// The coordinator is a process of this same program that goes on from the run's newest checkpoint. It
/// prints to where this process prints, and lives no longer than this process.
actor Supervisor {
    nonisolated let thread = EventLoop(name: "tern-supervisor")
    /// The thread that signals arrive at runs this actor.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The folder of the run.
    private let run: String
    private let form: LogForm
    private let lifeline: Lifeline
    private let restarts: RestartBudget
    private var coordinator: pid_t?
    private var interruption: Int32?
    /// The last lines of the coordinator's errors.
    private var lastLines: [String] = []

    /// A supervisor of the run in a folder that restarts processes so many times in all, and prints lines in
    /// a form.
    init(run: String, restarts: Int, form: LogForm) throws {
        self.run = run
        self.form = form
        lifeline = try Lifeline(restarts: restarts)
        self.restarts = RestartBudget(lifeline.readEnd)
    }

    /// Carries out the run.
    ///
    /// - Parameters:
    ///   - first: the arguments of the coordinator that begins it.
    ///   - next: those of a coordinator that goes on with it.
    /// - Throws: ``Failure`` with the exit status of the last coordinator if it is not zero.
    func carryOut(first: [String], next: [String], signals: SignalSource) async throws {
        thread.attach(fileDescriptor: signals.fileDescriptor) {
            self.assumeIsolated { supervisor in
                if let request = signals.read() { supervisor.passOn(request) }
            }
        }
        var end = try await runCoordinator(first)
        while end.isCrash, interruption == nil {
            try await report(end)
            end = try await runCoordinator(hasBegun ? next : first)
        }
        switch end.status {
        case .exited(0): break
        case .exited(let status): throw Failure(status: status, message: "")
        case .signaled(let signal):
            throw Failure(status: ExitStatus.signal(interruption ?? signal), message: "")
        }
    }

    /// Whether a coordinator has made the run: one that crashes earlier begins anew.
    private var hasBegun: Bool { Files.exists(RunDirectory.configuration(in: run)) }

    /// Leaves the run that this process's own arguments ask for to processes that are started again when they
    /// crash.
    ///
    /// - Throws: as ``carryOut(first:next:signals:)``
    static func carryOut(
        _ options: TrainingOptions, _ configuration: RunConfiguration, restarts: Int,
        _ signals: SignalSource
    ) async throws {
        let named = options.resume ?? options.runDir
        // Made here and now, so that no other run can choose the same before the child comes to it.
        let run =
            try named
            ?? RunDirectory.makeFresh(label: configuration.training.cell.rawValue)
        // A run that came to nothing leaves no empty folder; one with files in it stays.
        defer { if named == nil { rmdir(run) } }
        let given = CommandWords.own.words
        var next = CommandWords.own
        // The run's own configuration has what the file of --config gave.
        next.remove(option: "--config")
        next.remove(option: "--resume-or-start")
        let own = named == nil ? ["--run-dir", run] : []
        let supervisor = try Supervisor(
            run: run, restarts: restarts, form: options.log.form(isOneOfMany: false))
        try await supervisor.carryOut(
            first: given + own + ["--supervised"],
            next: next.words + ["--resume", run, "--supervised"],
            signals: signals)
    }

    private func passOn(_ request: SignalRequest) {
        switch request {
        case .stop(let signal):
            interruption = signal
            if let coordinator { kill(coordinator, signal) }
        case .stopAtOnce(let signal):
            guard let coordinator else { return }
            kill(coordinator, signal)
            // To it, this may have come less than a second after the first.
            thread.schedule(after: .seconds(1)) {
                self.assumeIsolated { supervisor in
                    if supervisor.coordinator == coordinator { kill(coordinator, signal) }
                }
            }
        case .checkpoint(let signal):
            // One that does not listen yet has nothing to keep, and would be ended by it.
            if let coordinator, handles(signal, coordinator) { kill(coordinator, signal) }
        }
    }

    private func runCoordinator(_ arguments: [String]) async throws -> ChildEnd {
        let end = try await Subprocess.run(
            .path(FilePath(OwnExecutable.path)), arguments: Arguments(arguments),
            input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: false),
            output: .currentStandardOutput, error: .sequence
        ) { execution in
            let pid = execution.processIdentifier.value
            coordinator = pid
            // A signal may have come while there was nobody to pass it on to.
            if let interruption { kill(pid, interruption) }
            defer { coordinator = nil }
            lastLines = []
            try await execution.standardError.forEachLine { note($0) }
        }
        return ChildEnd(pid: end.processIdentifier.value, status: end.terminationStatus)
    }

    /// Passes a line of a coordinator's errors on, and keeps it in case it is one of its last.
    private func note(_ line: String) {
        Output.error(line)
        lastLines = lastLines.suffix(99) + [line]
    }

    /// Says how a coordinator ended, and that another takes its place.
    ///
    /// - Throws: ``Failure`` if no restart is left.
    private func report(_ end: ChildEnd) async throws {
        let path = RunDirectory.log(in: run)
        let (sink, record) = (LogSink(form), RecordThread())
        // No coordinator has the files open now.
        let folder = try? Folder(run)
        let log = try? folder?.openForAppending(Files.name(of: path))
        // A run that is to begin finds no record of another.
        let events = log == nil || !hasBegun ? nil : try? folder.map(EventsFile.init)
        if let log { sink.add(log: log, path: path, events: events, on: record) }
        let left = tell(of: end, on: sink)
        try? sink.finish(patience: .seconds(1))
        _ = await record.finish()
        if let log { close(log) }
        events?.close()
        guard left != nil else {
            throw Failure(
                status: ExitStatus.workersEnded,
                message: "\(ended(end)), and no restart is left; to go on: "
                    + "tern train --resume \(shellWord(run))")
        }
    }

    private func ended(_ end: ChildEnd) -> String {
        "the coordinator, process \(end.pid), ended: \(end.reason)"
    }

    /// Logs what a coordinator said last, and takes a restart; gives those that are left then, if any.
    private func tell(of end: ChildEnd, on sink: LogSink) -> Int? {
        var end = end
        let logger = Logger(label: "tern") { _ in SinkLogHandler(sink, level: .info) }

        // The dead one's progress bar may still be there.
        sink.clearLine()
        for line in lastLines where !line.isEmpty {
            logger.warning("process \(end.pid) said: \(line)")
        }
        let left = restarts.take()
        end.lastLines = lastLines
        let next = left.map { "starting another, restarts left: \($0)" } ?? "no restart is left"
        var line = EventLine(now: "process_failed", .warning, "\(ended(end)); \(next)")
        line.failure = end.failure(of: "coordinator")
        // The error that ends the command says the same.
        if left == nil { line.text = nil }
        sink.emit(line, from: logger.logLevel)
        guard left == nil else { return left }
        var last = EventLine(now: "run_ended", .error)
        (last.status, last.reason) = ("failed", "\(ended(end)), and no restart is left")
        last.failure = line.failure
        sink.emit(last, from: logger.logLevel)
        return nil
    }
}

/// Whether a process catches or ignores a signal.
private func handles(_ signal: Int32, _ pid: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else {
        return false
    }
    return status.split(separator: "\n").contains { line in
        let fields = line.split(separator: "\t")
        guard fields.count == 2, fields[0] == "SigCgt:" || fields[0] == "SigIgn:",
            let mask = UInt64(fields[1], radix: 16)
        else { return false }
        return mask >> UInt64(signal - 1) & 1 == 1
    }
}
