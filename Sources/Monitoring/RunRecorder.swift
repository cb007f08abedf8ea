import Logging
import Training

/// Writes a run down as it happens: log lines for people, `metrics.jsonl` for programs,
/// `steps.csv` for `tern verify`.
public final class RunRecorder: RunObserver {
    private let logger: Logger
    private let sink: LogSink
    private var metrics: MetricsFile
    private var steps: StepsFile
    private let logEvery: Int
    private var bar = ProgressBar()

    /// A recorder that logs every `logEvery`-th step of an epoch.
    public init(
        logger: Logger, sink: LogSink, metrics: MetricsFile, steps: StepsFile, logEvery: Int
    ) {
        self.logger = logger
        self.sink = sink
        self.metrics = metrics
        self.steps = steps
        self.logEvery = logEvery
    }

    /// Takes note of an event.
    public func record(_ event: RunEvent) throws(FileError) {
        if case .step(let step) = event {
            try steps.append(StepRecord(step))
            bar.show(step, on: sink)
            guard step.stepInEpoch % logEvery == 0 else { return }
            try metrics.append(StepMetrics(step))
        }
        if case .rewound(let step) = event {
            // The steps after it will be made again.
            try steps.flush()
            steps = try steps.reopened(at: step)
            metrics = try metrics.reopened(at: step)
        }
        if case .epoch(let epoch) = event { try metrics.append(EpochMetrics(epoch)) }
        if let (level, message) = event.text { logger.log(level: level, "\(message)") }
        if let error = sink.error { throw error }
    }

    /// Writes down the steps that are still in memory.
    public func flush() throws(FileError) { try steps.flush() }
}
