import ArgumentParser
import DataParallel
import Glibc
import Kernels
import Monitoring
import SystemPackage
import Training
import ZeroMQ

/// Trains on this machine: a coordinator and its worker processes.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train on this machine, with a coordinator and local workers.",
        discussion: SignalHelp.ofTraining)

    @Option(
        help: """
            Worker processes. (default: none, which means one for each core and thread, at most \
            --shards)
            """)
    var workers: Withdrawable<Int>?

    @Option(
        help: ArgumentHelp(
            "How many times, in all, to restart a coordinator or worker that crashed.",
            valueName: "times"))
    var restart = 0

    @Option(
        help: ArgumentHelp(
            "Show the run in a browser, at http://127.0.0.1:PORT, while it goes on: see tern monitor.",
            valueName: "port"))
    var monitor: UInt16?

    @Flag(
        help: ArgumentHelp(
            "End with the parent, and take restarts from what standard input holds.",
            visibility: .hidden))
    var supervised = false

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    func validate() throws {
        if !(0...1000).contains(restart) {
            throw ValidationError("--restart must be from 0 to 1000, not \(restart)")
        }
    }

    mutating func run() async throws {
        let given = self
        try await exitCleanly {
            let command = try given.settled()
            if command.supervised { Lifeline.endWithParent() }
            let signals = try SignalSource()
            let configuration = Self.settle(
                command.workers, in: try command.options.configuration())
            try configuration.validate()
            try ResourceNeed.ofTraining(
                workers: configuration.workers ?? 1, lanes: configuration.threads,
                isSupervised: command.restart > 0 && !command.supervised,
                isMonitored: command.monitor != nil
            ).secure()
            if command.restart > 0, !command.supervised {
                try await command.supervise(configuration, signals)
            } else {
                try await command.train(configuration, signals)
            }
        }
    }

    private func settled() throws -> TrainCommand {
        var settled = self
        settled.options = try options.settled()
        return settled
    }

    /// Fills in the number of workers: what the option says, or the configuration, or the cores.
    private static func settle(
        _ option: Withdrawable<Int>?, in configuration: RunConfiguration
    ) -> RunConfiguration {
        let workers = option.map(\.value) ?? configuration.workers
        let lanes = min(Processors.allowed.count, configuration.training.shards)
        var settled = configuration
        settled.workers =
            workers ?? max(1, lanes / max(1, configuration.threads))
        return settled
    }

    private func train(_ configuration: RunConfiguration, _ signals: SignalSource) async throws {
        let session = try await TrainingSession.open(
            options, configuration, command: "tern train", minimum: 1, isOneOfMany: false)
        guard let monitor else { return try await train(session, configuration, signals) }
        let process = MonitorProcess(run: session.directory.path, port: monitor)
        var hasBegun = false
        do {
            try await process.run(
                tell: { line, isWarning in
                    session.logger.log(level: isWarning ? .warning : .info, "\(line)")
                }
            ) {
                hasBegun = true
                try await train(session, configuration, signals)
            }
        } catch {
            // A new run's folder is not left in the way of the next try.
            if !hasBegun, options.resume == nil { session.directory.discard() }
            throw error
        }
    }

    private func train(
        _ session: TrainingSession, _ configuration: RunConfiguration, _ signals: SignalSource
    ) async throws {
        let count = session.configuration.workers ?? 1
        session.announce()
        let meetingPoint = try MeetingPoint()
        defer { meetingPoint.remove() }
        let coordinator = try session.makeCoordinator(
            workers: count, minimum: 1, joinTimeout: nil, hasSuccessor: false, faults)
        let context = coordinator.makeContext()
        _ = try await coordinator.listen(meetingPoint.endpoint, context: context)
        let workers = try LocalWorkers(
            count: count, threads: configuration.threads, endpoint: meetingPoint.endpoint,
            restarts: supervised ? RestartBudget(.standardInput) : .none, session: session)
        let result = try await workers.run(
            onEnd: { await coordinator.localWorkerEnded($0, remaining: $1) }
        ) {
            await coordinator.train(signals: signals, endAtOnce: TrainingSession.endAtOnce)
        }
        await context.terminate()
        try session.conclude(result, workers: count, signals)
    }

    /// Leaves the run to processes that are started again when they crash.
    private func supervise(
        _ configuration: RunConfiguration, _ signals: SignalSource
    ) async throws {
        let named = options.resume ?? options.runDir
        // Made here and now, so that no other run can choose the same before the child comes to it.
        let run =
            try named
            ?? RunDirectory.makeFresh(label: configuration.training.cell.rawValue)
        // A run that came to nothing leaves no empty folder; one with files in it stays.
        defer { if named == nil { rmdir(run) } }
        let given = Array(CommandLine.arguments.dropFirst())
        let own = named == nil ? ["--run-dir", run] : []
        let kept = Self.without("--resume-or-start", Self.without("--config", given))
        let supervisor = try Supervisor(
            run: run, restarts: restart, form: options.log.form(isOneOfMany: false))
        try await supervisor.carryOut(
            first: given + own + ["--supervised"],
            // The run's own configuration has what the file of --config gave.
            next: kept + ["--resume", run, "--supervised"],
            signals: signals)
    }

    /// Arguments without an option and its value.
    private static func without(_ option: String, _ arguments: [String]) -> [String] {
        var kept: [String] = []
        var isValue = false
        for argument in arguments {
            if !isValue, argument != option, !argument.hasPrefix("\(option)=") {
                kept.append(argument)
            }
            isValue = argument == option
        }
        return kept
    }
}
