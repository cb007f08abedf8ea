import ArgumentParser
import DataParallel
import FoundationEssentials
import Kernels
import Keys
import Launching
import Monitoring
import ZeroMQ

/// Trains in a Slurm job: each task of a step becomes the coordinator or a worker.
struct SlurmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm",
        abstract: "Train in a Slurm job; srun starts this in each task.",
        discussion: """
            Task 0 is the coordinator and starts a worker beside it; each other task is a worker. A worker has a \
            lane for each CPU of its task, and the run's folder is runs/slurm-JOB, unless options say \
            otherwise. A job that is requeued goes on with its run by itself. cluster/slurm/README.md has a \
            job script.

            \(SignalHelp.ofTraining)
            """)

    @OptionGroup
    var minimum: MinimumOption

    @Option(
        help: ArgumentHelp(
            "Give up if too few workers join within this time; of a worker, if no coordinator answers for "
                + "this long.", valueName: "seconds"))
    var joinTimeout = 300

    @Option(
        help: ArgumentHelp(
            "Port of the coordinator. (default: 20000 and the job's number modulo 10000)",
            valueName: "port"))
    var port: UInt16?

    @Flag(
        help: """
            Take the key of the job from $TERN_JOB_KEY: for nodes that share no folder. (default: a new key, \
            through a file in the run's folder)
            """)
    var keyFromEnv = false

    @OptionGroup(title: "Fault options")
    var faults: FaultOptions

    @OptionGroup(title: "Training options")
    var options: TrainingOptions

    func validate() throws {
        if joinTimeout < 1 { throw ValidationError("--join-timeout must be at least 1 second") }
        if port == 0 { throw ValidationError("--port must be from 1 to 65535") }
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let task = try SlurmTask(ProcessInfo.processInfo.environment)
            if task.rank == 0 {
                try await command.coordinate(task)
            } else {
                try await command.work(task)
            }
        }
    }

    /// Runs the coordinator with a worker beside it.
    private func coordinate(_ task: SlurmTask) async throws {
        let lanes = lanes(of: task)
        try ResourceNeed.ofSlurm(tasks: task.count, lanes: lanes).secure()
        let signals = try SignalSource()
        let key = try keyFromEnv ? environmentKey : JobKey()
        let options = try options(of: task).settled()
        let session = try await TrainingSession.open(
            options, try options.configuration(), command: "srun tern slurm",
            minimum: minimum.minWorkers,
            isOneOfMany: true)
        session.announce()
        let coordinator = try session.makeCoordinator(
            workers: minimum.minWorkers, minimum: minimum.minWorkers, joinTimeout: joinTimeout,
            hasSuccessor: false, faults)
        let context = coordinator.makeContext()
        let port = port ?? task.port
        _ = try await session.listen(
            coordinator, at: "tcp://*:\(port)", door: Door(key.coordinator), context)
        let file = keyFromEnv ? nil : try SlurmKeyFile(key, of: task, in: session.directory.folder)
        defer { file?.remove() }
        session.logger.info("task 0 of \(task.count) listens at \(task.coordinator), port \(port)")
        let supervisor = try WorkerSupervisor(restarts: .none, session: session) {
            await coordinator.localWorkerEnded(
                $0, remaining: $1, othersMayJoin: task.count > 1)
        }
        let workers = try LocalWorker.all(
            1, threads: lanes, endpoint: "tcp://127.0.0.1:\(port)", key: file?.path,
            logLevel: session.configuration.logLevel)
        for worker in workers { try await supervisor.start(worker) }
        let result = await coordinator.train(signals: signals) { signal in
            file?.remove()
            TrainingSession.endAtOnce(signal)
        }
        await supervisor.finish()
        await context.terminate()
        try session.conclude(result, workers: result.workers, signals)
    }

    /// Runs a worker.
    private func work(_ task: SlurmTask) async throws {
        let lanes = lanes(of: task)
        var arguments = [
            "--connect", "tcp://\(task.coordinator):\(port ?? task.port)", "--threads", "\(lanes)",
            "--join-timeout", "\(joinTimeout)",
        ]
        if keyFromEnv {
            _ = try environmentKey
        } else {
            let options = options(of: task)
            let folder = options.resume ?? options.resumeOrStart ?? options.runDir
            let path = try await SlurmKeyFile.wait(
                for: task, in: folder ?? task.runFolder, timeout: joinTimeout)
            guard let path else {
                return try Output.line("task \(task.rank) came too late: the run is complete")
            }
            arguments += ["--key", path]
            SlurmKeyFile.endWorkerWithout(path)
        }
        if lanes == Processors.allowed.count { arguments += ["--place", "0"] }
        if let level = options.log.logLevel { arguments += ["--log-level", level.rawValue] }
        if let format = options.log.logFormat { arguments += ["--log-format", format.rawValue] }
        var worker = try WorkerCommand.parse(arguments)
        try await worker.run()
    }

    /// The options with the job's run folder; a run that the job has started before is resumed.
    private func options(of task: SlurmTask) -> TrainingOptions {
        var options = options
        guard options.resume == nil, options.resumeOrStart == nil else { return options }
        if options.runDir == nil || task.restarts > 0 {
            options.resumeOrStart = options.runDir ?? task.runFolder
            options.runDir = nil
        }
        return options
    }

    /// One lane per CPU that the task was given and may use.
    private func lanes(of task: SlurmTask) -> Int {
        if let threads = options.threads { return threads }
        let allowed = Processors.allowed.count
        if task.cpus > allowed {
            printWarning(
                "task \(task.rank) has \(task.cpus) CPUs, but may run on \(allowed) alone: give "
                    + "--cpus-per-task to srun, too")
        }
        return min(task.cpus, allowed)
    }

    private var environmentKey: JobKey {
        get throws {
            if let key = try JobKey.ofEnvironment { return key }
            throw Failure(
                status: ExitStatus.usage,
                message:
                    "--key-from-env needs the key in $\(JobKey.variable): set it to what tern key "
                    + "job --output - prints")
        }
    }
}
