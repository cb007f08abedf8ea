import Monitoring
import Settings

/// Everything shown of a run, at one time.
public struct RunView: Sendable {
    /// A setting of the run, as in `config.json`.
    public struct Setting: Sendable, Equatable, Hashable {
        /// Its name, such as `batch_size`.
        public var name: String
        /// Its value.
        public var value: String

        /// A setting of this name and value.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The name of the run's folder.
    public var name: String
    /// The current time, in seconds since 1970.
    public var now: Double
    /// The run's state.
    public var state = RunState.unknown
    /// The saved settings.
    public var settings: [Setting] = []
    /// The validated settings; nil if the file is missing or damaged.
    public var configuration: RunConfiguration?
    /// The metrics over the steps.
    public var curves = RunCurves()
    /// The time per phase over the run.
    public var bands = PhaseBands()
    /// The totals of the timing.
    public var totals = TimingWatch.Totals()
    /// The newest line of the timing.
    public var timing: TimingLine?
    /// The time of the newest step, in seconds since 1970.
    public var lastStepTime: Double?
    /// The run's history.
    public var history = RunHistory()
    /// The run's result; nil while it runs.
    public var summary: RunSummary?
    /// The newest test's results per class; nil before the first test.
    public var test: TestReport?
    /// Whether the files have more than was read so far.
    public var isBehind = false
    /// The number of unreadable lines.
    public var skippedLines = 0
    /// Why a file could not be read, in words.
    public var problems: [String] = []
    /// The free and total bytes of the run's file system.
    public var disk: (free: Int, size: Int)?

    /// A run whose files have not been read yet.
    public init(name: String, now: Double) {
        self.name = name
        self.now = now
    }

    /// The value of a setting; empty if it is not saved.
    public func setting(_ name: String) -> String {
        settings.first { $0.name == name }?.value ?? ""
    }

    /// The steps made.
    public var step: Int {
        summary?.steps ?? max(curves.step, timing?.step ?? 0, state.isOver ? history.step : 0)
    }

    /// The steps of the whole run; nil if unknown.
    public var totalSteps: Int? { history.totalSteps }

    /// The current epoch, counted from 1; 0 before the first.
    public var epoch: Int { max(curves.epoch, timing?.epoch ?? 0) }

    /// The fraction of the steps made, 0 to 1; nil if the total is unknown.
    public var progress: Double? {
        guard let totalSteps, totalSteps > 0 else { return nil }
        return min(1, Double(step) / Double(totalSteps))
    }

    /// The seconds of training, over all sessions.
    public var seconds: Double { summary?.wallSeconds ?? max(curves.seconds, timing?.seconds ?? 0) }

    /// The examples a second of the newest interval, or of the whole run once it is over.
    public var examplesPerSecond: Double? {
        if let summary { return summary.examplesPerSecond }
        guard let timing, timing.interval > 0, timing.steps > 0 else {
            return curves.examplesPerSecond.last
        }
        return Double(timing.examples) / timing.interval
    }

    /// The estimated seconds for the remaining steps, at the average speed so far; nil if unknown.
    public var secondsLeft: Double? {
        guard !state.isOver, let totalSteps, step > 0, seconds > 0, totalSteps >= step else {
            return nil
        }
        return seconds / Double(step) * Double(totalSteps - step)
    }

    /// The seconds since the newest entry in the files.
    public var silence: Double? {
        let newest = [history.lastTime, curves.lastTime, timing?.time].compactMap(\.self).max()
        return newest.map { max(0, now - $0) }
    }
}
