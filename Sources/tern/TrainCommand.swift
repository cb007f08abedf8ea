import ArgumentParser
import DataParallel
import Kernels
import Training
import ZeroMQ

/// Trains on this machine: a coordinator and its worker processes.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train on this machine with a coordinator and local worker processes.")

    @Option(help: "Worker processes. (default: one for each core and thread, at most --shards)")
    var workers: Int?

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    mutating func run() async throws {
        let (options, faults, workers) = (options, faults, workers)
        try await exitCleanly {
            let signals = try SignalSource()
            let configuration = Self.settle(workers, in: try options.configuration())
            try await Self.train(options, faults, configuration, signals)
        }
    }

    /// Fills in the number of workers: what the option says, or the configuration, or the cores.
    private static func settle(
        _ workers: Int?, in configuration: RunConfiguration
    ) -> RunConfiguration {
        let lanes = min(Processors.allowed.count, configuration.training.shards)
        var settled = configuration
        settled.workers =
            workers ?? configuration.workers ?? max(1, lanes / max(1, configuration.threads))
        return settled
    }

    private static func train(
        _ options: TrainingOptions, _ faults: FaultOptions, _ configuration: RunConfiguration,
        _ signals: SignalSource
    ) async throws {
        let session = try await TrainingSession.open(
            options, configuration, command: "tern train")
        let count = configuration.workers ?? 1
        session.announce()
        let meetingPoint = try MeetingPoint()
        defer { meetingPoint.remove() }
        let context = Context()
        let coordinator = try session.makeCoordinator(
            workers: count, minimum: 1, joinTimeout: nil, faults)
        _ = try await coordinator.listen(meetingPoint.endpoint, context: context)
        let result = try await LocalWorkers.run(
            count: count, threads: configuration.threads, endpoint: meetingPoint.endpoint,
            logger: session.logger,
            onEnd: { await coordinator.localWorkerEnded($0, remaining: $1) }
        ) {
            await coordinator.train(signals: signals)
        }
        await context.terminate()
        try session.conclude(result, workers: count)
    }
}
