import ArgumentParser
import DataParallel
import Training
import ZeroMQ

/// Trains with workers on any machines, which dial in.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Train with workers from any machine.",
        discussion: """
            Only the coordinator needs the data set; it sends each worker its shards. Over tcp, workers \
            also need the coordinator's key: copy its file to their machines.

            \(SignalHelp.ofTraining)
            """)

    @Option(
        help: ArgumentHelp(
            "Where to listen for workers: tcp://HOST:PORT, such as tcp://*:5555 for all addresses of "
                + "this machine, or ipc://PATH.", valueName: "endpoint"))
    var listen: String

    @Option(help: "Workers that training needs; with fewer it waits or pauses.")
    var minWorkers = 1

    @Option(
        help: ArgumentHelp(
            "Give up if too few workers have joined within this time. (default: never)",
            valueName: "seconds"))
    var joinTimeout: Int?

    @OptionGroup
    var keyOptions: KeyOptions

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    func validate() throws {
        if minWorkers < 1 { throw ValidationError("--min-workers must be at least 1") }
        if let joinTimeout, joinTimeout < 1 {
            throw ValidationError("--join-timeout must be at least 1 second")
        }
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            try ResourceNeed.ofCoordinator(connections: command.minWorkers).secure()
            let signals = try SignalSource()
            let configuration = try command.options.configuration()
            let key = try command.keyOptions.key(for: command.listen)
            let session = try await TrainingSession.open(
                command.options, configuration,
                command: "tern coordinator --listen \(shellWord(command.listen))"
                    + command.keyOptions.text)
            session.announce()
            let coordinator = try session.makeCoordinator(
                workers: command.minWorkers, minimum: command.minWorkers,
                joinTimeout: command.joinTimeout, command.faults)
            let context = coordinator.makeContext()
            let endpoint = try await command.listen(coordinator, key, context, session)
            if let key {
                session.logger.info("workers need a copy of the \(key)")
            } else if endpoint.hasPrefix("tcp://") {
                session.logger.warning("no key: anyone who can reach \(endpoint) may join")
            }
            let dialable = await Endpoint.dialable(endpoint)
            session.logger.info(
                """
                workers join with: tern worker --connect \(dialable.first ?? endpoint)\
                \(command.keyOptions.text)
                """)
            if dialable.count > 1 {
                let others = dialable.dropFirst().joined(separator: ", ")
                session.logger.info("or, if they cannot reach that, with one of \(others)")
            }
            let result = await coordinator.train(
                signals: signals, endAtOnce: TrainingSession.endAtOnce)
            await context.terminate()
            try session.conclude(result, workers: result.workers, signals)
        }
    }

    /// Binds the endpoint; where that fails, a new run's folder is not left in the way of the next try.
    private func listen(
        _ coordinator: Coordinator, _ key: ClusterKey?, _ context: Context,
        _ session: TrainingSession
    ) async throws -> String {
        do {
            return try await coordinator.listen(listen, key: key, context: context)
        } catch {
            if options.resume == nil { session.directory.discard() }
            throw error
        }
    }
}
