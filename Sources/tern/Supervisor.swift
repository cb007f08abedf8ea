import DataParallel
import Files
import FoundationEssentials
import Glibc
import Launching
import Logging
import Monitoring
import Settings
import Subprocess
import SystemPackage
import ZeroMQ

/// Runs a run's coordinator, which starts the workers, and restarts it after a crash.
///
/// The coordinator is a process of the same program that resumes from the run's newest checkpoint.
/// It shares this process's output, and ends with this process.
actor Supervisor {
    nonisolated let thread = EventLoop(name: "tern-supervisor")
    /// This actor runs on the thread that receives signals.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The run's folder.
    private let run: String
    private let form: LogForm
    private let lifeline: Lifeline
    private let restarts: RestartBudget
    private var coordinator: pid_t?
    private var interruption: Int32?
    /// The coordinator's last lines on standard error.
    private var lastLines: [String] = []

    /// A supervisor of a run, with a total number of restarts and a form of log lines.
    init(run: String, restarts: Int, form: LogForm) throws {
        self.run = run
        self.form = form
        lifeline = try Lifeline(restarts: restarts)
        self.restarts = RestartBudget(lifeline.readEnd)
    }

    /// Carries out the run.
    ///
    /// - Parameters:
    ///   - first: the arguments of the first coordinator.
    ///   - next: the arguments of a coordinator that resumes the run.
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

    /// Whether a coordinator has created the run; after an earlier crash it is started anew.
    private var hasBegun: Bool { Files.exists(RunDirectory.configuration(in: run)) }

    /// Supervises the run that this process's own arguments describe.
    ///
    /// - Throws: as ``carryOut(first:next:signals:)``
    static func carryOut(
        _ options: TrainingOptions, _ configuration: RunConfiguration, restarts: Int,
        _ signals: SignalSource
    ) async throws {
        let named = options.resume ?? options.runDir
        // Makes the folder at once, so that no other run can choose the same name before the child
        // starts.
        let run =
            try named
            ?? RunDirectory.makeFresh(label: configuration.training.cell.rawValue)
        // Removes the folder if it is still empty; one with files stays.
        defer { if named == nil { rmdir(run) } }
        let given = CommandWords.own.words
        var next = CommandWords.own
        // The run's own configuration includes the settings from --config.
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
            // A repetition ends the run at once only a second or more after the first signal, so it
            // is sent again.
            thread.schedule(after: .seconds(1)) {
                self.assumeIsolated { supervisor in
                    if supervisor.coordinator == coordinator { kill(coordinator, signal) }
                }
            }
        case .checkpoint(let signal):
            // A process without a handler has nothing to save yet, and the signal would kill it.
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
            // A signal may have arrived before the process started.
            if let interruption { kill(pid, interruption) }
            defer { coordinator = nil }
            lastLines = []
            try await execution.standardError.forEachLine { note($0) }
        }
        return ChildEnd(pid: end.processIdentifier.value, status: end.terminationStatus)
    }

    /// Forwards a line of a coordinator's standard error, and keeps the last ones.
    private func note(_ line: String) {
        Output.error(line)
        lastLines = lastLines.suffix(99) + [line]
    }

    /// Reports how a coordinator ended and whether it is restarted.
    ///
    /// - Throws: ``Failure`` if no restart is left.
    private func report(_ end: ChildEnd) async throws {
        let path = RunDirectory.log(in: run)
        let (sink, record) = (LogSink(form), RecordThread())
        // No coordinator has the files open now.
        let folder = try? Folder(run)
        let log = try? folder?.openForAppending(Files.name(of: path))
        // Before its first step, a run must not have an earlier run's events.
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

    /// Logs a coordinator's last lines, takes a restart, and returns how many are left, if any.
    private func tell(of end: ChildEnd, on sink: LogSink) -> Int? {
        var end = end
        let logger = Logger(label: "tern") { _ in SinkLogHandler(sink, level: .info) }

        // Removes a progress bar that the dead process may have left.
        sink.clearLine()
        for line in lastLines where !line.isEmpty {
            logger.warning("process \(end.pid) said: \(line)")
        }
        let left = restarts.take()
        end.lastLines = lastLines
        let next = left.map { "starting another, restarts left: \($0)" } ?? "no restart is left"
        var line = EventLine(now: "process_failed", .warning, "\(ended(end)); \(next)")
        line.failure = end.failure(of: "coordinator")
        // The command's final error has the same text.
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
