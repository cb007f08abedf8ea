import ArgumentParser
import DataParallel
import Logging
import Monitoring
import ZeroMQ

/// Trains with workers that connect from any machine.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Train with workers from any machine.",
        discussion: """
            Only the coordinator needs the data set; it sends each worker its shards. Over tcp, each worker \
            needs a credential: tern key worker NAME makes it.

            \(SignalHelp.ofTraining)
            """)

    @Option(
        help: ArgumentHelp(
            "Where to listen for workers: tcp://HOST:PORT, such as tcp://*:5555 for all addresses of "
                + "this machine, or ipc://PATH.", valueName: "endpoint"))
    var listen: String

    @OptionGroup
    var minimum: MinimumOption

    @Option(
        help: ArgumentHelp(
            "Give up if too few workers have joined within this time. (default: never)",
            valueName: "seconds"))
    var joinTimeout: Int?

    @OptionGroup
    var keyOptions: CoordinatorKeyOptions

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    func validate() throws {
        if let joinTimeout, joinTimeout < 1 {
            throw ValidationError("--join-timeout must be at least 1 second")
        }
    }

    mutating func run() async throws {
        let given = self
        try await exitCleanly {
            let command = try given.settled()
            try ResourceNeed.ofCoordinator(connections: command.minimum.minWorkers).secure()
            let signals = try SignalSource()
            let configuration = try command.options.configuration()
            let door = try command.keyOptions.door(for: command.listen)
            let session = try await TrainingSession.open(
                command.options, configuration,
                command: "tern coordinator --listen \(shellWord(command.listen))"
                    + command.keyOptions.text,
                minimum: command.minimum.minWorkers, isOneOfMany: true)
            session.announce()
            let coordinator = try session.makeCoordinator(
                workers: command.minimum.minWorkers, minimum: command.minimum.minWorkers,
                joinTimeout: command.joinTimeout,
                hasSuccessor: command.options.resumeOrStart != nil, command.faults)
            let context = coordinator.makeContext()
            let endpoint = try await session.listen(
                coordinator, at: command.listen, door: door, context)
            command.tell(door, endpoint, session.logger)
            command.tellRoom(shards: configuration.training.shards, session.logger)
            let dialable = await Endpoint.dialable(endpoint)
            session.logger.info(
                """
                workers join with: tern worker --connect \(dialable.first ?? endpoint)\
                \(command.workerKeyText(door, endpoint))
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

    private func settled() throws -> CoordinatorCommand {
        var settled = self
        settled.options = try options.settled()
        return settled
    }

    /// Logs who may join.
    private func tell(_ door: Door?, _ endpoint: String, _ logger: Logger) {
        guard let door else {
            guard endpoint.hasPrefix("tcp://") else { return }
            return logger.warning("no key: anyone who can reach \(endpoint) may join")
        }
        let command = "tern key worker NAME\(keyOptions.text)"
        logger.info("coordinator's \(door.key)")
        if door.workerCount == 0 {
            logger.warning("no worker has a credential yet: make one with \(command)")
        } else {
            logger.info("workers with a credential: \(door.workerCount); \(command) makes another")
        }
    }

    /// Logs how many workers can connect, if the system allows fewer than the run.
    private func tellRoom(shards: Int, _ logger: Logger) {
        let limit = DescriptorLimit.raise()
        let most = Limits.connections(descriptors: limit)
        guard most < min(Limits.mostMembers(shards: shards), Limits.connections(descriptors: .max))
        else { return }
        logger.warning(
            """
            at most \(most) workers can connect: this process may have \(limit) open files and \
            connections (ulimit -n)
            """)
    }

    /// The key option that a worker's command line needs.
    private func workerKeyText(_ door: Door?, _ endpoint: String) -> String {
        if door == nil { return endpoint.hasPrefix("tcp://") ? " --key none" : "" }
        // Over ipc, a worker uses a credential only if one is named.
        return endpoint.hasPrefix("tcp://") ? "" : " --key NAME.key"
    }
}
