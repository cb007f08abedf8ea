import Files
import Monitoring
import RunEvents

/// A run's timing, read from its `timing.jsonl` as it grows.
///
/// A line that is damaged or has an impossible number is skipped and counted.
public final class TimingWatch {
    /// The totals over all lines of the file.
    public struct Totals: Sendable, Equatable {
        /// The steps made, repeated steps included.
        public var steps = 0
        /// Their examples.
        public var examples = 0
        /// The time per phase.
        public var phases = TimingReport.Phases()
        /// The messages and bytes sent and received.
        public var traffic = TimingReport.Traffic()
        /// The steps by duration: see ``StepDurations``.
        public var durations = StepDurations()
        /// The total seconds of all intervals.
        public var seconds = 0.0

        fileprivate mutating func add(_ line: TimingLine) {
            steps = steps.addingWithLimit(line.steps)
            examples = examples.addingWithLimit(line.examples)
            phases += line.phases
            traffic += line.traffic
            durations.add(line.durations)
            seconds += line.interval
        }
    }

    /// The totals so far.
    public private(set) var totals = Totals()
    /// The time per phase since the run's beginning.
    public private(set) var bands = PhaseBands()
    /// The newest line; nil before the first.
    public private(set) var last: TimingLine?
    /// The time of the newest step according to the lines, in seconds since 1970.
    public private(set) var lastStepTime: Double?
    /// The number of unreadable lines.
    public var skippedLines: Int { badLines + file.skippedLines }
    /// Whether the last read stopped before the file's end.
    public var isBehind: Bool { file.isBehind }

    private let file: TailedFile
    private var badLines = 0

    /// Follows the timing in a run's folder; the file may not exist yet.
    public init(_ folder: Folder) { file = TailedFile(folder, TimingFile.name) }

    /// Reads new lines; whether there were any.
    ///
    /// - Parameters:
    ///   - replaced: called before the first line when the file is read from its beginning again.
    ///   - worker: called with each line's measurements of a worker.
    /// - Throws: ``FileError`` if the file exists and cannot be read.
    func poll(
        replaced: () -> Void, worker: (TimingReport.WorkerTiming) -> Void
    ) throws(FileError) -> Bool {
        let change = try file.read(
            replaced: {
                (totals, bands, last, lastStepTime, badLines) = (
                    Totals(), PhaseBands(), nil, nil, 0
                )
                replaced()
            },
            line: { bytes in
                guard let line = TimingLine(bytes) else {
                    badLines += 1
                    return
                }
                totals.add(line)
                bands.add(line.phases, at: line.seconds)
                if line.steps > 0 { lastStepTime = line.time }
                line.workers.forEach(worker)
                last = line
            })
        return change != .none
    }
}
