import DataParallel
import Files
import Glibc
import Kernels
import Logging
import ModelFiles
import Monitoring
import Settings
import Training
import Verification
import ZeroMQ

/// The common part of the training commands: from a configuration to a run's files.
struct TrainingSession {
    let configuration: RunConfiguration
    let job: Job
    let directory: RunDirectory
    let checkpoint: Checkpoint?
    let sink: LogSink
    /// The thread that writes the run's files.
    let record: RecordThread
    let logger: Logger
    /// Notes about adapted settings.
    let notes: [String]
    /// The command that trains, without its settings.
    let command: String
    /// The command that resumes the run.
    var resumeCommand: String {
        "\(command) --resume \(shellWord(directory.path))"
            + (writesTensorBoard ? " --tensorboard" : "") + (signer?.text ?? "")
    }
    /// The steps to trace.
    private let traced: ClosedRange<Int>?
    private let writesTensorBoard: Bool
    /// The first process that failed.
    let firstFailure: Locked<ProcessFailure?>
    let signer: RunSigner?
    /// The option to choose another folder; nil for a resumed run.
    let folderOption: String?

    /// Loads the data, opens the run's folder and, if the run is resumed, its checkpoint.
    ///
    /// - Parameters:
    ///   - loaded: the configuration's job, if already loaded.
    ///   - command: the command that trains, without its settings.
    ///   - minimum: the number of workers that training needs.
    ///   - isOneOfMany: whether people may want to merge this process's log with those of others.
    static func open(
        _ options: TrainingOptions, _ configuration: RunConfiguration, job loaded: Job? = nil,
        command: String, minimum: Int, isOneOfMany: Bool
    ) async throws -> TrainingSession {
        try configuration.validate()
        let signer = try options.sign.map { try RunSigner(keyFile: $0) }
        var configuration = configuration
        var job: Job
        if let loaded { job = loaded } else { job = try await options.job(of: configuration) }
        let notes = configuration.notes(onFitting: job)
        configuration = try configuration.fitted(to: job)
        try options.trace?.check(totalSteps: configuration.training.epochs * job.plan.stepsPerEpoch)
        if let resume = options.resume { try configuration.checkData(of: job, resuming: resume) }
        configuration.dataPath = try Files.absolutePath(job.dataset.directory)
        configuration.dataDigest = job.dataDigest
        let sink = LogSink(try options.log.form(isOneOfMany: isOneOfMany))
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let logger = Logger(label: "tern") { _ in SinkLogHandler(sink, level: level) }
        let (directory, checkpoint) = try openFolder(options, configuration, &job, logger)
        let record = RecordThread()
        let folderOption = options.resume == nil ? "--run-dir" : nil
        let events: EventsFile
        do throws(FileError) {
            events = try EventsFile(in: directory.folder)
        } catch {
            throw error.naming(folderOption)
        }
        sink.add(log: directory.log, path: directory.logPath, events: events, on: record)
        var start = EventLine(now: "run_started", .info)
        start.version = Tern.configuration.version
        start.namespace = EventLine.ownNamespace
        (start.step, start.seconds) = (checkpoint?.step ?? 0, checkpoint?.seconds ?? 0)
        start.totalSteps = configuration.training.epochs * job.plan.stepsPerEpoch
        start.needed = minimum
        sink.emit(start, from: level)
        return TrainingSession(
            configuration: configuration, job: job, directory: directory, checkpoint: checkpoint,
            sink: sink, record: record, logger: logger, notes: notes, command: command,
            traced: options.trace?.steps, writesTensorBoard: options.tensorboard,
            firstFailure: Locked(events.failure), signer: signer, folderOption: folderOption)
    }

    private static func openFolder(
        _ options: TrainingOptions, _ configuration: RunConfiguration, _ job: inout Job,
        _ logger: Logger
    ) throws -> (RunDirectory, Checkpoint?) {
        if let resume = options.resume {
            let directory = try RunDirectory.open(resume)
            for warning in directory.warnings { logger.warning("\(warning)") }
            let checkpoint = try resumePoint(in: directory, for: job, logger)
            // With a checkpoint, they are needed only if an audit rewinds the run to its start.
            job.initialParameters =
                checkpoint == nil
                ? try configuration.initialParameters(for: job.architecture)
                : (try? configuration.initialParameters(for: job.architecture)) ?? nil
            try keep(configuration, in: directory)
            return (directory, checkpoint)
        }
        let initial = try configuration.initialModel(for: job.architecture)
        if let note = initial?.note("the initial weights") { logger.notice("\(note)") }
        job.initialParameters = initial?.parameters
        let path =
            try options.runDir
            ?? RunDirectory.makeFresh(label: configuration.training.cell.rawValue)
        let directory = try RunDirectory.create(path)
        for warning in directory.warnings { logger.warning("\(warning)") }
        do throws(FileError) {
            try directory.write(configuration.encoded(), to: directory.configuration)
        } catch {
            throw error.naming("--run-dir")
        }
        return (directory, nil)
    }

    /// Updates a resumed run's configuration: its epochs, and the places of its data and weights.
    private static func keep(
        _ configuration: RunConfiguration, in directory: RunDirectory
    ) throws {
        let path = directory.configuration
        let before = try RunConfiguration(parsing: directory.read(path), path: path)
        var kept = before
        kept.training.epochs = configuration.training.epochs
        (kept.data, kept.dataPath) = (configuration.data, configuration.dataPath)
        kept.dataDigest = configuration.dataDigest
        (kept.initialWeights, kept.initialWeightsPath) =
            (configuration.initialWeights, configuration.initialWeightsPath)
        if kept != before { try directory.write(kept.encoded(), to: path) }
    }

    /// Finds the checkpoint to resume from, and sets unusable files aside.
    private static func resumePoint(
        in directory: RunDirectory, for job: Job, _ logger: Logger
    ) throws -> Checkpoint? {
        let point = try ResumePoint(in: directory.path, for: job)
        for (path, reason) in point.useless {
            let what =
                switch path {
                case directory.model: "a model"
                case RunDirectory.signature(in: directory.path): "a signature"
                default: "a checkpoint"
                }
            let place = try directory.putAside(path)
            logger.warning("skipping \(what): \(reason); it is now \(place)")
        }
        if let checkpoint = point.checkpoint, let path = point.path {
            logger.info("resuming from \(path), step \(checkpoint.step)")
        } else {
            logger.warning("there is no checkpoint: starting from the beginning")
        }
        return point.checkpoint
    }

    /// Logs what the run will do.
    func announce() {
        let training = configuration.training
        let (train, test) = (job.dataset.train, job.dataset.test)
        let counts = "\(train.count) training and \(test.count) test \(test.shape.noun)"
        for warning in job.dataset.warnings { logger.warning("\(warning)") }
        logger.info("data set \(job.dataset.name) from \(job.dataset.directory): \(counts)")
        if let warning = job.dataset.labelCounts.warning { logger.warning("\(warning)") }
        for note in notes { logger.info("\(note)") }
        let batch =
            training.accumulate == 1
            ? "batch \(training.batchSize)"
            : "batch \(training.accumulate) x \(training.batchSize)"
        logger.info(
            """
            network \(training.cell.rawValue), \(training.nonlinearity.rawValue), hidden \
            \(training.hidden), layers \(training.layers); \(training.optimizer.rawValue) at \
            \(training.learningRate), \(training.schedule.rawValue); \(batch), \
            \(training.epochs) epochs; seed \(training.seed); kernels \(job.kernels.name)
            """)
        logger.info("run folder \(directory.path)")
    }

    /// Makes the coordinator of this session.
    ///
    /// - Parameters:
    ///   - workers: the number of workers to begin with.
    ///   - minimum: the number of workers to continue with.
    ///   - hasSuccessor: whether another coordinator resumes the run if this one is stopped.
    func makeCoordinator(
        workers: Int, minimum: Int, joinTimeout: Int?, hasSuccessor: Bool, _ faults: FaultOptions
    ) throws -> Coordinator {
        let training = configuration.training
        var settings = CoordinatorSettings(
            welcome: .init(
                job.architecture, plan: job.plan, seed: training.seed,
                labelSmoothing: training.labelSmoothing),
            epochs: training.epochs, workersToBegin: workers, minimumWorkers: minimum,
            checkpointEvery: configuration.checkpointEvery,
            joinTimeout: joinTimeout.map { .seconds($0) })
        settings.hasSuccessor = hasSuccessor
        faults.apply(to: &settings)
        let step = checkpoint?.step ?? 0
        // Removes the result of an earlier session.
        directory.folder.remove(Files.name(of: directory.summary))
        let traced = tracedSteps(after: step)
        settings.tracedSteps = traced
        settings.logEvery = configuration.logEvery
        let (metrics, tensorBoard, steps, timing, trace, test) = try placed {
            () throws(FileError) in
            let metrics = try MetricsFile(in: directory.folder, resumingAt: step)
            return (
                metrics, try openTensorBoard(metrics),
                try StepsFile(in: directory.folder, resumingAt: step),
                try TimingFile(in: directory.folder),
                try traced.map { _ throws(FileError) in try TraceFile(in: directory.folder) },
                try TestFile(in: directory.folder, resumingAt: step) { [test = job.dataset.test] in
                    test.picture(of: $0)
                }
            )
        }
        let recorder = RunRecorder(
            logger: logger, sink: sink, thread: record, metrics: metrics,
            tensorBoard: tensorBoard, steps: steps, timing: timing, trace: trace, test: test,
            logEvery: configuration.logEvery, resumingAt: step)
        let evaluation = EvaluationPool(
            job.architecture, examples: job.dataset.test,
            threads: Processors.allowed.count, kernels: job.kernels)
        return Coordinator(
            job, settings: settings, resuming: checkpoint, store: directory.checkpoints,
            evaluation: evaluation, observer: recorder)
    }

    /// Binds the coordinator's endpoint.
    ///
    /// If that fails, it removes a new run's folder, so that the next try can use it.
    func listen(
        _ coordinator: Coordinator, at endpoint: String, door: Door?, _ context: Context
    ) async throws -> String {
        do {
            return try await coordinator.listen(endpoint, door: door, context: context)
        } catch {
            if folderOption == nil { tellFailure(error) } else { directory.discard() }
            throw error
        }
    }

    private func openTensorBoard(_ metrics: MetricsFile) throws(FileError) -> TensorBoardFile? {
        guard writesTensorBoard else { return nil }
        return try TensorBoardFile(
            in: directory.folder, configuration.training, metrics: metrics)
    }

    /// The steps that can still be traced.
    private func tracedSteps(after step: Int) -> ClosedRange<Int>? {
        guard let traced else { return nil }
        if traced.upperBound <= step {
            logger.notice("no trace: the run goes on after step \(step)")
            return nil
        }
        return traced
    }

    /// Makes the logs of the workers that this process starts.
    func makeLogs() throws(FileError) -> WorkerLogs {
        try placed { () throws(FileError) in try WorkerLogs(in: directory.folder, on: record) }
    }

    /// Reports that a process of the run has failed.
    func report(_ failure: ProcessFailure, _ text: String) {
        firstFailure.withLock { $0 = $0 ?? failure }
        var line = EventLine(now: "process_failed", .warning, text)
        line.failure = failure
        sink.emit(line, from: logger.logLevel)
    }

    /// Ends the process after a repeated signal; local workers end with it.
    static let endAtOnce: @Sendable (Int32) -> Never = { signal in
        WorkerSupervisor.killAll()
        Files.abandonUnfinished { _exit(ExitStatus.signal(signal)) }
    }

    /// Does work on the run's files; its error names the option to choose another folder.
    func placed<Value>(_ work: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            throw error.naming(folderOption)
        }
    }
}
