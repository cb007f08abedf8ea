import ArgumentParser
import DataParallel
import Glibc
import Keys
import Launching
import Monitoring
import Settings
import Training
import ZeroMQ

/// Trains with workers on other machines, started over ssh.
struct LaunchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Train on many machines, by ssh.",
        discussion: """
            Looks at all machines, brings the program to those that lack it, starts a worker on each, and ends \
            them with the run. The machines need sshd, and a login without a question. TERN_SSH replaces the \
            ssh command.

            \(SignalHelp.ofTraining)
            """)

    @OptionGroup(title: "Machines")
    var hostOptions: HostOptions

    @Flag(help: "Go on without machines that cannot be used.")
    var skipUnreachable = false

    @Flag(help: "Look at the machines, print what would be run there, and end.")
    var dryRun = false

    @Flag(help: "Look at the machines, tell what a step would cost on them, and end.")
    var plan = false

    @Flag(help: "Print all that the workers say. It stands in RUN/logs in any case.")
    var showHosts = false

    @OptionGroup
    var minimum: MinimumOption

    @OptionGroup
    var restarts: RestartOptions

    @Flag(help: ArgumentHelp("End when standard input ends.", visibility: .hidden))
    var lifeline = false

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    mutating func run() async throws {
        let given = self
        try await exitCleanly {
            var command = given
            command.options = try given.options.settled()
            if command.restarts.supervised { Lifeline.endWithParent() }
            if command.lifeline { Lifeline.whenParentEnds { kill(getpid(), SIGTERM) } }
            if let host = try command.hostOptions.coordinatorHost() {
                return try await command.launch(from: host)
            }
            let configuration = try command.options.configuration()
            try configuration.validate()
            if command.restarts.isSupervisor, !command.dryRun, !command.plan {
                let signals = try SignalSource()
                try await Supervisor.carryOut(
                    command.options, configuration, restarts: command.restarts.restart, signals)
            } else {
                try await command.launch(configuration)
            }
        }
    }

    /// Runs the launch on another machine, with the coordinator there.
    private func launch(from host: Host) async throws {
        var arguments = CommandWords.own
        arguments.words.removeFirst()
        arguments.remove(option: "--coordinator")
        if hostOptions.hosts != nil {
            // The file exists only here, so its hosts are passed instead.
            arguments.remove(option: "--hosts")
            let list = try await hostOptions.source().list()
            arguments.words += ["--host", list.text]
        }
        let launch = try await RemoteLaunch(on: host, programs: hostOptions.programs())
        try await launch.run(arguments.words, signals: SignalSource())
    }

    private func launch(_ configuration: RunConfiguration) async throws {
        let source = try hostOptions.source()
        let hosts = try await source.list().hosts
        try ResourceNeed.ofLaunch(hosts: hosts.count).secure()
        let job = try await options.job(of: configuration)
        let preflight = try await Preflight(
            of: hosts, hostOptions, job, lanes: options.threads,
            logLevel: configuration.logLevel, isShown: showHosts)
        do {
            // JSON log lines are for a program, so no table may be between them.
            let isTableShown = try dryRun || plan || options.log.form(isOneOfMany: false) != .json
            preflight.tell(withTable: isTableShown)
            if dryRun { try preflight.show(preflight.commands) }
            if plan { try preflight.show(preflight.plan(for: job)) }
            try preflight.check(skippingUnreachable: skipUnreachable)
            guard !dryRun, !plan else { return await preflight.end() }
            try await train(configuration, job, preflight, following: source)
        } catch {
            await preflight.end()
            throw error
        }
    }

    /// Trains on the usable hosts.
    private func train(
        _ configuration: RunConfiguration, _ job: Job, _ preflight: Preflight,
        following source: HostSource
    ) async throws {
        let signals = try SignalSource()
        let session = try await TrainingSession.open(
            options, configuration, job: job, command: "tern launch\(hostOptions.text)",
            minimum: minimum.minWorkers, isOneOfMany: false)
        session.announce()
        let ready = preflight.ready
        let coordinator = try session.makeCoordinator(
            workers: max(ready.count, minimum.minWorkers), minimum: minimum.minWorkers,
            joinTimeout: nil,
            hasSuccessor: false, faults)
        let context = coordinator.makeContext()
        do {
            _ = try await coordinator.listen(
                preflight.listening, door: Door(preflight.key.coordinator), context: context)
        } catch {
            if options.resume == nil { session.directory.discard() }
            throw error
        }
        let isFixed = if case .fixed = source { true } else { false }
        let supervisor = try WorkerSupervisor(
            restarts: restarts.budget, session: session,
            onEnd: { reason, remaining in
                await coordinator.localWorkerEnded(
                    reason, remaining: remaining, othersMayJoin: !isFixed)
            })
        for worker in ready { try await supervisor.start(worker) }
        let following = Task {
            var change = HostChange(of: ready.map(\.host), supervisor, session.logger)
            await source.follow { await change.apply($0) { preflight.worker(on: $0) } }
        }
        let result = await coordinator.train(
            signals: signals, endAtOnce: TrainingSession.endAtOnce)
        following.cancel()
        await following.value
        await supervisor.finish()
        await context.terminate()
        try session.conclude(result, workers: result.workers, signals)
    }
}
