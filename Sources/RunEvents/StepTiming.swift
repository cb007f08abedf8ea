/// Where the time of one step went, from the update before it to its own.
///
/// All times are in seconds.
public struct StepTiming: Codable, Sendable, Equatable {
    /// How long a lane computed.
    public struct Lane: Codable, Sendable, Equatable {
        /// Its worker's name.
        public var worker: String
        /// Which lane of the worker, counted from 0.
        public var lane: Int
        /// How long it computed.
        public var seconds: Double

        /// A lane's time.
        public init(worker: String, lane: Int, seconds: Double) {
            self.worker = worker
            self.lane = lane
            self.seconds = seconds
        }
    }

    /// The parts of the time, on the coordinator's clock; `record` and `other` are those before the step began.
    public var phases: TimingReport.Phases
    /// The lane that computed longest; nil where no worker has told.
    public var slowest: Lane?
    /// The lane in the middle.
    public var median: Lane?
    /// The lane that was done first.
    public var fastest: Lane?
    /// The worker whose sum came last; nil where there is one worker.
    public var last: String?

    /// The timing of a step.
    ///
    /// - Parameter lanes: what each lane took, in any order.
    public init(phases: TimingReport.Phases, lanes: [Lane], last: String?) {
        self.phases = phases
        let sorted = lanes.sorted { $0.seconds > $1.seconds }
        slowest = sorted.first
        median = sorted.isEmpty ? nil : sorted[sorted.count / 2]
        fastest = sorted.last
        self.last = last
    }
}
