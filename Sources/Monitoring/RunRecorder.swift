import FoundationEssentials
import Logging
import Training
import ZeroMQ

/// Writes a run down as it happens: events for people and programs, `metrics.jsonl` and `timing.jsonl` for
/// programs, the same numbers for TensorBoard where that is wanted, `steps.csv` for `tern verify`.
public final class RunRecorder: RunObserver {
    private struct RunFiles {
        var metrics: MetricsFile
        var tensorBoard: TensorBoardFile?
        var steps: StepsFile
        let timing: TimingFile
        var trace: TraceFile?
        let test: TestFile?
    }

    private let logger: Logger
    private let sink: LogSink
    private let thread: RecordThread
    /// Reached on the record's thread only.
    private let files: Locked<RunFiles>
    private let logEvery: Int
    private var bar = ProgressBar()
    /// The steps made.
    private var step: Int
    /// Steps that the thread has not been handed: to hand over each would take longer than to note it.
    private var steps: [StepReport] = []
    /// The bytes of their weights.
    private var bytes = 0
    /// Where the time of a logged step went that is told of next.
    private var stepTiming: (step: Int, timing: StepTiming)?

    private static let stepsTogether = 1024
    /// So many that the thread is seldom woken, and so few that they are still in a cache when it adds them up.
    private static let bytesTogether = 1 << 20

    /// A recorder that logs every `logEvery`-th step of an epoch, or the last one of a shorter epoch.
    ///
    /// - Parameter step: the steps that the run has made.
    public init(
        logger: Logger, sink: LogSink, thread: RecordThread, metrics: MetricsFile,
        tensorBoard: TensorBoardFile? = nil, steps: StepsFile, timing: TimingFile,
        trace: TraceFile? = nil, test: TestFile? = nil, logEvery: Int, resumingAt step: Int
    ) {

        self.logger = logger
        self.sink = sink
        self.thread = thread
        files = Locked(
            RunFiles(
                metrics: metrics, tensorBoard: tensorBoard, steps: steps, timing: timing,
                trace: trace, test: test))
        self.logEvery = logEvery
        self.step = step
        self.steps.reserveCapacity(Self.stepsTogether)
    }

    /// Takes note of an event.
    public func record(_ event: RunEvent) throws(FileError) {
        if case .step(let step) = event {
            steps.append(step)
            bytes += step.weights.byteCount
            if steps.count >= Self.stepsTogether || bytes >= Self.bytesTogether { handOverSteps() }
            self.step = step.step
            bar.show(step, on: sink)
            // Where an epoch has fewer steps, its last one is logged.
            guard isLogged(step: step.stepInEpoch, of: step.stepsPerEpoch, every: logEvery) else {
                return
            }
            append(StepMetrics(step, stepTiming?.step == step.step ? stepTiming?.timing : nil))
        }
        if case .rewound(let step) = event {
            self.step = step
            // The steps after it will be made again.
            handOverSteps()
            perform { files throws(FileError) in
                try files.steps.flush()
                files.steps = try files.steps.reopened(at: step)
                files.metrics = try files.metrics.reopened(at: step)
                files.tensorBoard = try files.tensorBoard?.reopened(metrics: files.metrics)
                try files.test?.forget(after: step)
            }
        }
        if case .timed(let timing) = event { stepTiming = (self.step + 1, timing) }
        if case .epoch(let epoch) = event {
            append(EpochMetrics(epoch))
            perform(bytes: 1 << 16) { files throws(FileError) in try files.test?.keep(epoch) }
        }
        if case .timing(let report) = event {
            append(TimingLine(time: Date.now.timeIntervalSince1970, report))
        }
        if case .traced(let trace) = event {
            // As the lines of a phase, and the arrows and slices of a piece of work, have.
            let bytes = 120 * trace.phases.count + 1200 * trace.works.count
            perform(bytes: bytes) { files throws(FileError) in try files.trace?.append(trace) }
        }
        if var line = event.line(at: Date.now.timeIntervalSince1970) {
            line.step = line.step ?? step
            sink.emit(line, from: logger.logLevel, isProgress: line.event == "step")
        }
        if let error = thread.error { throw error }
    }

    /// Writes down all events so far.
    public func flush(then completion: @escaping @Sendable (FileError?) -> Void) {
        handOverSteps()
        perform { files throws(FileError) in try files.steps.flush() }
        thread.flush(then: completion)
    }

    /// Whether what waits for the disk leaves memory for another step.
    public var hasRoom: Bool { thread.hasRoom }

    private func handOverSteps() {
        let (steps, size) = (steps, steps.count * MemoryLayout<StepReport>.stride + bytes)
        self.steps.removeAll(keepingCapacity: true)
        bytes = 0
        perform(bytes: size) { files throws(FileError) in
            for step in steps { try files.steps.append(step) }
        }
    }

    private func append(_ metrics: some Encodable & Sendable) {
        // As a line has.
        perform(bytes: 256) { files throws(FileError) in
            let line = try files.metrics.append(metrics)
            try files.tensorBoard?.append(line: line)
        }
    }

    private func append(_ line: TimingLine) {
        // Of each worker some 200.
        perform(bytes: 512 + 256 * line.workers.count) { files throws(FileError) in
            try files.timing.append(line)
        }
    }

    private func perform(
        bytes: Int = 0, _ work: @escaping @Sendable (inout RunFiles) throws(FileError) -> Void
    ) {
        thread.perform(bytes: bytes) { [files] () throws(FileError) in
            let result = files.withLock { files in
                Result { () throws(FileError) in try work(&files) }
            }
            try result.get()
        }
    }
}
