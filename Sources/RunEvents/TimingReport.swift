/// Where the time of about a second of a run went.
///
/// All times are in seconds.
public struct TimingReport: Codable, Sendable, Equatable {
    /// How long the interval was.
    public var interval: Double
    /// The time of training at its end, over all sessions of the run.
    public var seconds: Double
    /// The epoch at its end, counted from 1.
    public var epoch: Int
    /// The steps made in the run at its end.
    public var step: Int
    /// The steps made in it.
    public var steps = 0
    /// The examples summed in it.
    public var examples = 0
    /// Their mean loss; nil where no step was made.
    public var loss: Double?
    /// The share of them that was classified rightly, 0 to 1.
    public var accuracy: Double?
    /// The rate of the last update.
    public var learningRate: Double?
    /// Where the time went.
    public var phases = Phases()
    /// What bounds the run, as ``Bottleneck`` says it; nil where no step was made.
    public var bound: String?
    /// The steps of each class of ``StepDurations``.
    public var durations: [Int] = []
    /// What went out and came in, over all workers.
    public var traffic = Traffic()
    /// What was learnt of the workers: of all of them where there are at most 32; of more, of 32 in turns and
    /// of the slowest.
    public var workers: [WorkerTiming] = []

    /// The parts of an interval on the coordinator's clock; they add up to it.
    public struct Phases: Codable, Sendable, Equatable {
        /// Sending the weights.
        public var send = 0.0
        /// Until the first sum of a step is in.
        public var first = 0.0
        /// From then until the last sum is in, without `reduce`.
        public var wait = 0.0
        /// Checking and adding sums.
        public var reduce = 0.0
        /// Averaging, clipping, the optimizer, and the copy that is sent.
        public var update = 0.0
        /// Telling the record.
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

        /// Nothing.
        public init() {}
    }

    /// What was learnt of a worker; the times are means over the steps that it answered.
    public struct WorkerTiming: Codable, Sendable, Equatable {
        /// Its name.
        public var worker: String
        /// The steps that it answered in the interval.
        public var steps = 0
        /// The shards that it was asked for in a step, on average.
        public var shards = 0.0
        /// From a request to the last answer to it.
        public var answer = 0.0
        /// The part of that in which the worker was at work, by its own clock; the rest is the network's.
        public var busy = 0.0
        /// How long its lanes computed, from the slowest to the fastest; empty where it did not tell.
        public var lanes: [Double] = []
        /// How long the step waited for this worker alone, after all others had answered.
        public var lateness = 0.0
        /// Its sums, since it joined, that another worker has computed too, with the same bits; nil for none.
        public var audits: Int?
        /// The bytes sent to it in the interval.
        public var bytesSent = 0
        /// The bytes received from it in the interval.
        public var bytesReceived = 0
        /// Its clock less the coordinator's, as pings tell; nil where it is not known.
        public var clockOffset: Double?

        /// A worker of which nothing is known yet.
        public init(worker: String) { self.worker = worker }
    }

    /// An interval in which nothing has happened yet.
    public init(interval: Double, seconds: Double, epoch: Int, step: Int) {
        self.interval = interval
        self.seconds = seconds
        self.epoch = epoch
        self.step = step
    }
}
