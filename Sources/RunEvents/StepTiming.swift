/// Where the time of one step went, from the previous update to its own.
///
/// All times are in seconds.
public struct StepTiming: Codable, Sendable, Equatable {
    /// The compute time of one lane.
    public struct Lane: Codable, Sendable, Equatable {
        /// The worker's name.
        public var worker: String
        /// The lane's index in the worker, counted from 0.
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

    /// The phases on the coordinator's clock; `record` and `other` are from before the step began.
    public var phases: TimingReport.Phases
    /// The slowest lane; nil if no worker reported any.
    public var slowest: Lane?
    /// The median lane.
    public var median: Lane?
    /// The fastest lane.
    public var fastest: Lane?
    /// The worker whose sum came last; nil if there is only one worker.
    public var last: String?

    /// Makes the timing of a step.
    ///
    /// - Parameter lanes: the compute time of each lane, in any order.
    public init(phases: TimingReport.Phases, lanes: [Lane], last: String?) {
        self.phases = phases
        let sorted = lanes.sorted { $0.seconds > $1.seconds }
        slowest = sorted.first
        median = sorted.isEmpty ? nil : sorted[sorted.count / 2]
        fastest = sorted.last
        self.last = last
    }
}
