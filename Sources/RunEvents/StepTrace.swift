/// All measurements of one step, on the coordinator's clock.
public struct StepTrace: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// The time from the first message to a worker until the first message of the next step.
    public var span: Range<Duration>
    /// The consecutive phases of the coordinator's thread.
    public var phases: [Phase] = []
    /// The work of the workers.
    public var works: [Work] = []

    /// Makes an empty trace of a step.
    public init(step: Int, span: Range<Duration>) {
        self.step = step
        self.span = span
    }

    /// A phase of the coordinator's thread.
    public struct Phase: Sendable, Equatable {
        /// A name of ``TimingReport/Phases-swift.struct``.
        public var name: String
        /// When it began and ended.
        public var span: Range<Duration>

        /// Makes a phase.
        public init(name: String, span: Range<Duration>) {
            self.name = name
            self.span = span
        }
    }

    /// The work of one worker on one range of shards.
    public struct Work: Sendable, Equatable {
        /// The worker's name.
        public var worker: String
        /// From the request until its last sum arrived.
        public var request: Range<Duration>
        /// When the worker was busy, as well as its clock can tell.
        public var span: Range<Duration>
        /// When each of its lanes computed.
        public var lanes: [Range<Duration>]

        /// Makes the work of a worker.
        public init(
            worker: String, request: Range<Duration>, span: Range<Duration>,
            lanes: [Range<Duration>]
        ) {
            self.worker = worker
            self.request = request
            self.span = span
            self.lanes = lanes
        }
    }
}
