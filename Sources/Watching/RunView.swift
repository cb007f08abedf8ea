import Monitoring
import Training

/// All that a reader shows of a run, at one moment.
public struct RunView: Sendable {
    /// A setting of the run, as `config.json` has it.
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
    /// The moment, in seconds since 1970.
    public var now: Double
    /// What the run is doing.
    public var state = RunState.unknown
    /// The settings that are written down.
    public var settings: [Setting] = []
    /// The settings, checked; nil where the file is missing or damaged.
    public var configuration: RunConfiguration?
    /// The numbers over the steps.
    public var curves = RunCurves()
    /// Where the time went over the run.
    public var bands = PhaseBands()
    /// The sums of what timing tells.
    public var totals = TimingWatch.Totals()
    /// The newest second of timing.
    public var timing: TimingLine?
    /// When the newest step was made, in seconds since 1970.
    public var lastStepTime: Double?
    /// What has happened.
    public var history = RunHistory()
    /// What the run came to; nil while it goes on.
    public var summary: RunSummary?
    /// How the newest tested weights did on each class; nil before the first test.
    public var test: TestReport?
    /// Whether there is more in the files than was read so far.
    public var isBehind = false
    /// The lines that could not be read.
    public var skippedLines = 0
    /// Why a file could not be read, in words.
    public var problems: [String] = []
    /// The bytes that are free on the run's file system, and all it has.
    public var disk: (free: Int, size: Int)?

    /// A run of which nothing was read yet.
    public init(name: String, now: Double) {
        self.name = name
        self.now = now
    }

    /// The value of a setting; empty where none is written down.
    public func setting(_ name: String) -> String {
        settings.first { $0.name == name }?.value ?? ""
    }

    /// The steps made.
    public var step: Int {
        summary?.steps ?? max(curves.step, timing?.step ?? 0, state.isOver ? history.step : 0)
    }

    /// The steps of the whole run; nil where nothing tells.
    public var totalSteps: Int? { history.totalSteps }

    /// The epoch under way, counted from 1; 0 before the first.
    public var epoch: Int { max(curves.epoch, timing?.epoch ?? 0) }

    /// The share of the steps that is made, 0 to 1; nil where the whole is not known.
    public var progress: Double? {
        guard let totalSteps, totalSteps > 0 else { return nil }
        return min(1, Double(step) / Double(totalSteps))
    }

    /// The seconds of training, over all sessions.
    public var seconds: Double { summary?.wallSeconds ?? max(curves.seconds, timing?.seconds ?? 0) }

    /// The examples a second of the newest interval or, where the run is over, of the whole run.
    public var examplesPerSecond: Double? {
        if let summary { return summary.examplesPerSecond }
        guard let timing, timing.interval > 0, timing.steps > 0 else {
            return curves.examplesPerSecond.last
        }
        return Double(timing.examples) / timing.interval
    }

    /// The seconds that the steps left will take, by how long those before took; nil where that is not known.
    public var secondsLeft: Double? {
        guard !state.isOver, let totalSteps, step > 0, seconds > 0, totalSteps >= step else {
            return nil
        }
        return seconds / Double(step) * Double(totalSteps - step)
    }

    /// The seconds since the newest sign of life.
    public var silence: Double? {
        let newest = [history.lastTime, curves.lastTime, timing?.time].compactMap(\.self).max()
        return newest.map { max(0, now - $0) }
    }
}
