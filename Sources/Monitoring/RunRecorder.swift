import Files
import FoundationEssentials
import Logging
import RunEvents
import ZeroMQ

/// Records a run: events for people and programs, `metrics.jsonl` and `timing.jsonl` for programs,
/// optionally TensorBoard's files, and `steps.csv` for `tern verify`.
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
    /// Accessed only on the record's thread.
    private let files: Locked<RunFiles>
    private let logEvery: Int
    private var bar = ProgressBar()
    /// The steps made.
    private var step: Int
    /// Steps not yet handed to the thread; a handover per step would take longer than recording it.
    private var steps: [StepReport] = []
    /// The bytes of their weights.
    private var bytes = 0
    /// The timing of the step that is logged next.
    private var stepTiming: (step: Int, timing: StepTiming)?

    private static let stepsTogether = 1024
    /// Large enough to wake the thread rarely, small enough for its data to be still cached.
    private static let bytesTogether = 1 << 20

    /// A recorder that logs every `logEvery`-th step of an epoch, or the last step of a shorter
    /// epoch.
    ///
    /// - Parameter step: the number of steps already made.
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

    /// Records an event.
    public func record(_ event: RunEvent) throws(FileError) {
        switch event {
        case .step(let step):
            note(step)
            // An epoch with fewer steps logs its last one.
            guard isLogged(step: step.stepInEpoch, of: step.stepsPerEpoch, every: logEvery) else {
                return
            }
            let timing = stepTiming?.step == step.step ? stepTiming?.timing : nil
            let metrics = StepMetrics(step, timing)
            append(isUrgent: false) { metrics.json }
        case .rewound(let step): rewind(to: step)
        case .timed(let timing): stepTiming = (step + 1, timing)
        case .epoch(let epoch):
            let metrics = EpochMetrics(epoch)
            append { metrics.json }
            perform(bytes: 1 << 16) { files throws(FileError) in try files.test?.keep(epoch) }
        case .timing(let report):
            append(TimingLine(time: Date.now.timeIntervalSince1970, report))
        case .traced(let trace):
            // An estimate from the sizes of a phase's line and of a work's slices and arrows.
            let bytes = 120 * trace.phases.count + 1200 * trace.works.count
            perform(bytes: bytes) { files throws(FileError) in try files.trace?.append(trace) }
        default: break
        }
        if var line = event.line(at: Date.now.timeIntervalSince1970) {
            line.step = line.step ?? step
            sink.emit(line, from: logger.logLevel, isProgress: line.event == "step")
        }
        if let error = thread.error { throw error }
    }

    private func note(_ step: StepReport) {
        steps.append(step)
        bytes += step.weights.byteCount
        if steps.count >= Self.stepsTogether || bytes >= Self.bytesTogether { handOverSteps() }
        self.step = step.step
        bar.show(step, on: sink)
    }

    private func rewind(to step: Int) {
        self.step = step
        // The steps after it will be repeated.
        handOverSteps()
        perform { files throws(FileError) in
            try files.steps.flush()
            files.steps = try files.steps.reopened(at: step)
            files.metrics = try files.metrics.reopened(at: step)
            files.tensorBoard = try files.tensorBoard?.reopened(metrics: files.metrics)
            try files.test?.forget(after: step)
        }
    }

    /// Writes all events so far.
    public func flush(then completion: @escaping @Sendable (FileError?) -> Void) {
        handOverSteps()
        perform { files throws(FileError) in try files.steps.flush() }
        thread.flush(then: completion)
    }

    /// Whether the queue has room for another step.
    public var hasRoom: Bool { thread.hasRoom }

    private func handOverSteps() {
        let (steps, size) = (steps, steps.count * MemoryLayout<StepReport>.stride + bytes)
        self.steps.removeAll(keepingCapacity: true)
        bytes = 0
        perform(bytes: size) { files throws(FileError) in
            for step in steps { try files.steps.append(step) }
        }
    }

    private func append(isUrgent: Bool = true, _ metrics: @escaping @Sendable () -> JSONObject) {
        // The typical size of a line.
        perform(bytes: 256, isUrgent: isUrgent) { files throws(FileError) in
            let line = try files.metrics.append(metrics())
            try files.tensorBoard?.append(line: line)
        }
    }

    private func append(_ line: TimingLine) {
        // About 200 bytes per worker.
        perform(bytes: 512 + 256 * line.workers.count) { files throws(FileError) in
            try files.timing.append(line)
        }
    }

    private func perform(
        bytes: Int = 0, isUrgent: Bool = true,
        _ work: @escaping @Sendable (inout RunFiles) throws(FileError) -> Void
    ) {
        thread.perform(bytes: bytes, isUrgent: isUrgent) { [files] () throws(FileError) in
            let result = files.withLock { files in
                Result { () throws(FileError) in try work(&files) }
            }
            try result.get()
        }
    }
}
