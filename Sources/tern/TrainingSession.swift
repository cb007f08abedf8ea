import DataParallel
import Glibc
import Kernels
import Logging
import Monitoring
import Training
import Verification
import ZeroMQ

/// What `train` and `coordinator` have in common: from a configuration to a run's files.
struct TrainingSession {
    let configuration: RunConfiguration
    let job: Job
    let directory: RunDirectory
    let checkpoint: Checkpoint?
    let sink: LogSink
    /// What writes the run's files.
    let record: RecordThread
    let logger: Logger
    /// What was made of settings that nobody chose.
    let notes: [String]
    /// The command that trains, without what it is to train.
    let command: String
    /// The command that goes on with the run.
    var resumeCommand: String {
        "\(command) --resume \(shellWord(directory.path))\(signer?.text ?? "")"
    }
    /// The steps to be traced.
    private let traced: ClosedRange<Int>?
    private let signer: RunSigner?
    /// The option that names another folder for the run; nil for a run that has its own.
    private let folderOption: String?

    /// Loads the data, opens the run's folder and, where a run is resumed, its checkpoint.
    static func open(
        _ options: TrainingOptions, _ configuration: RunConfiguration, command: String
    ) async throws -> TrainingSession {
        try configuration.validate()
        let signer = try options.sign.map { try RunSigner(keyFile: $0) }
        var configuration = configuration
        var job = try await configuration.job(
            readFrom: options.config ?? options.resume ?? "the configuration")
        let notes = configuration.notes(onFitting: job)
        configuration = try configuration.fitted(to: job)
        try options.trace?.check(totalSteps: configuration.training.epochs * job.plan.stepsPerEpoch)
        if let resume = options.resume { try configuration.checkData(of: job, resuming: resume) }
        configuration.dataPath = try Files.absolutePath(job.dataset.directory)
        configuration.dataDigest = job.dataDigest
        let sink = LogSink()
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let logger = Logger(label: "tern") { _ in SinkLogHandler(sink, level: level) }
        let (directory, checkpoint) = try openFolder(options, configuration, &job, logger)
        let record = RecordThread()
        sink.add(file: directory.log, path: directory.logPath, on: record)
        return TrainingSession(
            configuration: configuration, job: job, directory: directory, checkpoint: checkpoint,
            sink: sink, record: record, logger: logger, notes: notes, command: command,
            traced: options.trace?.steps, signer: signer,
            folderOption: options.resume == nil ? "--run-dir" : nil)
    }

    private static func openFolder(
        _ options: TrainingOptions, _ configuration: RunConfiguration, _ job: inout Job,
        _ logger: Logger
    ) throws -> (RunDirectory, Checkpoint?) {
        if let resume = options.resume {
            let directory = try RunDirectory.open(resume)
            for warning in directory.warnings { logger.warning("\(warning)") }
            let checkpoint = try resumePoint(in: directory, for: job, logger)
            // Beside a checkpoint they are needed only if an audit makes the run go back to its start.
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

    /// Notes in the configuration of a run that goes on for how long it does, and where its data and
    /// weights lie now.
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

    /// Finds where the run goes on, and puts out of its way what is of no use from there.
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

    /// Says what is about to be done.
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
    ///   - workers: how many are needed to begin.
    ///   - minimum: how many are needed to go on.
    func makeCoordinator(
        workers: Int, minimum: Int, joinTimeout: Int?, _ faults: FaultOptions
    ) throws -> Coordinator {
        let training = configuration.training
        var settings = CoordinatorSettings(
            welcome: .init(
                job.architecture, plan: job.plan, seed: training.seed,
                labelSmoothing: training.labelSmoothing),
            epochs: training.epochs, workersToBegin: workers, minimumWorkers: minimum,
            checkpointEvery: configuration.checkpointEvery,
            joinTimeout: joinTimeout.map { .seconds($0) })
        faults.apply(to: &settings)
        let step = checkpoint?.step ?? 0
        // It tells what an earlier session came to, not what this one will.
        directory.folder.remove(Files.name(of: directory.summary))
        let traced = tracedSteps(after: step)
        settings.tracedSteps = traced
        let (metrics, steps, timing, trace) = try placed { () throws(FileError) in
            (
                try MetricsFile(in: directory.folder, resumingAt: step),
                try StepsFile(in: directory.folder, resumingAt: step),
                try TimingFile(in: directory.folder),
                try traced.map { _ throws(FileError) in try TraceFile(in: directory.folder) }
            )
        }
        let recorder = RunRecorder(
            logger: logger, sink: sink, thread: record, metrics: metrics, steps: steps,
            timing: timing, trace: trace, logEvery: configuration.logEvery)
        let evaluation = EvaluationPool(
            job.architecture, examples: job.dataset.test,
            threads: Processors.allowed.count, kernels: job.kernels)
        return Coordinator(
            job, settings: settings, resuming: checkpoint, store: directory.checkpoints,
            evaluation: evaluation, observer: recorder)
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

    /// Ends the process where a signal asks for it a second time; local workers end with it.
    static let endAtOnce: @Sendable (Int32) -> Never = { signal in
        LocalWorkers.killAll()
        Files.abandonUnfinished { _exit(ExitStatus.signal(signal)) }
    }

    /// Writes down what the run came to and tells it.
    ///
    /// - Parameter signals: what may ask to stop while a slow reader is waited for.
    /// - Throws: ``Failure`` with the run's exit status if it did not complete, ``OutputError`` if its
    ///   result cannot be printed.
    func conclude(
        _ result: CoordinatorResult, workers: Int, _ signals: SignalSource
    ) throws {
        do {
            try tell(result, workers: workers)
        } catch {
            // Its reason is the news, not that nobody reads.
            try? sink.finish(hearing: signals, patience: .seconds(2))
            throw error
        }
        try sink.finish(hearing: signals)
    }

    private func tell(_ result: CoordinatorResult, workers: Int) throws {
        sink.endProgress()
        let summary = summarize(result, workers: workers)
        if result.outcome == .completed {
            var model = ModelFile(
                architecture: job.architecture, dataset: job.dataset.name,
                configuration: configuration.training, parameters: result.parameters)
            model.dataDigest = job.dataDigest
            try placed { [model] () throws(FileError) in
                try directory.write(model.encoded(), to: directory.model)
            }
        }
        let text = jsonText(summary, isPretty: true) + "\n"
        let written = Result { () throws(FileError) in
            try directory.write(Array(text.utf8), to: directory.summary)
        }
        // Where something else ended the run, that is the news; it may be the same full disk.
        guard result.outcome == .completed else { throw failure(result) }
        try placed(written.get)
        logger.info("training is finished")
        let signed = try signer?.sign(directory, job, result.parameters)
        let lines =
            summary.lines + ["  model          \(directory.model)"] + [signed].compactMap(\.self)
        sink.show(lines.joined(separator: "\n"))
    }

    /// Carries out work on the run's files; its error tells how to choose another folder.
    private func placed<Value>(_ work: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            throw error.naming(folderOption)
        }
    }

    private func summarize(_ result: CoordinatorResult, workers: Int) -> RunSummary {
        let status =
            switch result.outcome {
            case .completed: "completed"
            case .interrupted, .pausedTooLong: "interrupted"
            case .diverged: "diverged"
            case .tooFewWorkers, .workersEnded, .failed: "failed"
            }
        let steps = result.step
        return RunSummary(
            status: status, dataset: job.dataset.name, workers: workers,
            epochs: steps / job.plan.stepsPerEpoch, steps: steps,
            examples: RunSummary.examples(in: steps, of: job.plan),
            wallSeconds: result.seconds, lastEpoch: result.lastEpoch,
            weightsSHA256: result.parameters.sha256)
    }

    private func failure(_ result: CoordinatorResult) -> Failure {
        switch result.outcome {
        case .completed: return Failure(status: 0, message: "")
        case .interrupted(let signal):
            logger.notice("stopped after step \(result.step); to go on: \(resumeCommand)")
            return Failure(status: ExitStatus.signal(signal), message: "")
        case .diverged(let step):
            let advice = DivergenceAdvice(configuration, directory, command: command)
            return Failure(status: ExitStatus.diverged, message: advice.text(afterStep: step))
        case .tooFewWorkers(let members, let needed):
            return Failure(
                status: ExitStatus.noAnswer,
                message: "only \(members) of \(needed) workers joined within --join-timeout: start "
                    + "workers with tern worker --connect, or wait longer")
        case .pausedTooLong(let members, let needed):
            return Failure(
                status: ExitStatus.tooFewWorkers,
                message:
                    "only \(members) of \(needed) workers were left, and no others came within "
                    + "--pause-timeout; to go on: \(resumeCommand)")
        case .workersEnded(let reason):
            return Failure(
                status: ExitStatus.workersEnded,
                message: "all local workers have ended (\(reason)); to go on: \(resumeCommand)")
        case .failed(let error):
            return Failure(
                status: ExitStatus.fileTrouble,
                message: "\(error.naming(folderOption)); then go on with \(resumeCommand)")
        }
    }
}
