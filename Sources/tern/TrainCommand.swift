import ArgumentParser
import DataParallel
import Glibc
import Kernels
import Monitoring
import Settings
import SystemPackage
import ZeroMQ

/// Trains on this machine: a coordinator and its worker processes.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train on this machine, with a coordinator and local workers.",
        discussion: SignalHelp.ofTraining)

    @Option(help: .setting(\.workers)) var workers: Withdrawable<Int>?

    @OptionGroup
    var restarts: RestartOptions

    @Option(
        help: ArgumentHelp(
            "Show the run in a browser, at http://127.0.0.1:PORT, while it goes on: see tern monitor.",
            valueName: "port"))
    var monitor: UInt16?

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    mutating func run() async throws {
        let given = self
        try await exitCleanly {
            let command = try given.settled()
            if command.restarts.supervised { Lifeline.endWithParent() }
            let signals = try SignalSource()
            let configuration = Self.settle(
                command.workers, in: try command.options.configuration())
            try configuration.validate()
            try ResourceNeed.ofTraining(
                workers: configuration.workers ?? 1, lanes: configuration.threads,
                isSupervised: command.restarts.isSupervisor,
                isMonitored: command.monitor != nil
            ).secure()
            if command.restarts.isSupervisor {
                try await Supervisor.carryOut(
                    command.options, configuration, restarts: command.restarts.restart, signals)
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

    /// Sets the number of workers: from the option, the configuration, or the number of cores.
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
            // Removes a new run's folder, so that the next try can use it.
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
        let supervisor = try WorkerSupervisor(
            restarts: restarts.budget, session: session,
            onEnd: {
                await coordinator.localWorkerEnded($0, remaining: $1, othersMayJoin: false)
            })
        let workers = try LocalWorker.all(
            count, threads: configuration.threads, endpoint: meetingPoint.endpoint,
            logLevel: session.configuration.logLevel)
        for worker in workers { try await supervisor.start(worker) }
        let result = await coordinator.train(
            signals: signals, endAtOnce: TrainingSession.endAtOnce)
        await supervisor.finish()
        await context.terminate()
        try session.conclude(result, workers: count, signals)
    }
}
