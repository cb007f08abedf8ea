import Monitoring
import Training

/// What a run's `timing.jsonl` says, followed while that grows.
///
/// A line that is damaged, or has a number that it cannot have, is skipped and counted.
public final class TimingWatch {
    /// The sums over all lines of the file.
    public struct Totals: Sendable, Equatable {
        /// The steps made; those that were made again count again.
        public var steps = 0
        /// Their examples.
        public var examples = 0
        /// Where the time went.
        public var phases = TimingReport.Phases()
        /// What went out and came in.
        public var traffic = TimingReport.Traffic()
        /// The steps of each duration: see ``StepDurations``.
        public var durations = StepDurations()
        /// The seconds of all intervals.
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

    /// The sums so far.
    public private(set) var totals = Totals()
    /// Where the time went from the run's beginning on.
    public private(set) var bands = PhaseBands()
    /// The newest line; nil before the first.
    public private(set) var last: TimingLine?
    /// When the newest step was made, in seconds since 1970, as far as the lines tell.
    public private(set) var lastStepTime: Double?
    /// The lines that could not be read.
    public var skippedLines: Int { badLines + file.skippedLines }
    /// Whether the last reading stopped before the file's end.
    public var isBehind: Bool { file.isBehind }

    private let file: TailedFile
    private var badLines = 0

    /// Follows the timing in a run's folder, which need not be there yet.
    public init(_ folder: Folder) { file = TailedFile(folder, TimingFile.name) }

    /// Reads on; whether there was anything new.
    ///
    /// - Parameters:
    ///   - replaced: called before the first line of a file that is read anew.
    ///   - worker: called with what each line says of a worker.
    /// - Throws: ``FileError`` if the file is there and cannot be read.
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
