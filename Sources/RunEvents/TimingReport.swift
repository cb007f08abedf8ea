/// Where the time of about one second of a run went.
///
/// All times are in seconds.
public struct TimingReport: Codable, Sendable, Equatable {
    /// The length of the interval.
    public var interval: Double
    /// The training time at its end, over all sessions of the run.
    public var seconds: Double
    /// The epoch at its end, counted from 1.
    public var epoch: Int
    /// The number of steps made in the run at its end.
    public var step: Int
    /// The number of steps made in it.
    public var steps = 0
    /// The number of examples summed in it.
    public var examples = 0
    /// Their mean loss; nil without steps.
    public var loss: Double?
    /// The fraction of them classified correctly, 0 to 1.
    public var accuracy: Double?
    /// The learning rate of the last update.
    public var learningRate: Double?
    /// Where the time went.
    public var phases = Phases()
    /// What limits the run, as text of ``Bottleneck``; nil without steps.
    public var bound: String?
    /// The number of steps in each bin of ``StepDurations``.
    public var durations: [Int] = []
    /// The traffic with all workers.
    public var traffic = Traffic()
    /// The timings of all workers if there are at most 32; else of 32 in rotation and of the slowest.
    public var workers: [WorkerTiming] = []

    /// The phases of an interval on the coordinator's clock; they add up to it.
    public struct Phases: Codable, Sendable, Equatable {
        /// Sending the weights.
        public var send = 0.0
        /// Waiting for the first sum of a step.
        public var first = 0.0
        /// From the first sum to the last, without `reduce`.
        public var wait = 0.0
        /// Checking and adding sums.
        public var reduce = 0.0
        /// Averaging, clipping, the optimizer, and the copy to send.
        public var update = 0.0
        /// Recording events.
        public var record = 0.0
        /// Between steps: tests, checkpoints, pauses.
        public var other = 0.0

        /// No time.
        public init() {}
    }

    /// Messages and bytes.
    public struct Traffic: Codable, Sendable, Equatable {
        /// The bytes of messages sent.
        public var bytesSent = 0
        /// The bytes of messages received.
        public var bytesReceived = 0
        /// The messages sent.
        public var messagesSent = 0
        /// The messages received.
        public var messagesReceived = 0

        /// No traffic.
        public init() {}
    }

    /// The timing of a worker; times are means over the steps that it answered.
    public struct WorkerTiming: Codable, Sendable, Equatable {
        /// The worker's name.
        public var worker: String
        /// The number of steps that it answered in the interval.
        public var steps = 0
        /// The mean number of shards requested per step.
        public var shards = 0.0
        /// From a request to its last answer.
        public var answer = 0.0
        /// The part of `answer` in which the worker was busy, by its own clock; the network took the rest.
        public var busy = 0.0
        /// The compute times of its lanes, slowest first; empty if it did not report them.
        public var lanes: [Double] = []
        /// How long the step waited for this worker alone, after all others had answered.
        public var lateness = 0.0
        /// The number of its sums since it joined that another worker confirmed bit for bit; nil for none.
        public var audits: Int?
        /// The bytes sent to it in the interval.
        public var bytesSent = 0
        /// The bytes received from it in the interval.
        public var bytesReceived = 0
        /// Its clock minus the coordinator's, by pings; nil if unknown.
        public var clockOffset: Double?

        /// Makes the empty timing of a worker.
        public init(worker: String) { self.worker = worker }
    }

    /// Makes the report of an empty interval.
    public init(interval: Double, seconds: Double, epoch: Int, step: Int) {
        self.interval = interval
        self.seconds = seconds
        self.epoch = epoch
        self.step = step
    }
}
