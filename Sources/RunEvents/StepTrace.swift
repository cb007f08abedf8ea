/// All that was measured of one step, on the coordinator's clock.
public struct StepTrace: Sendable, Equatable {
    /// The step, counted from 1.
    public var step: Int
    /// From the first word to a worker to the first word of the next step.
    public var span: Range<Duration>
    /// What the coordinator's thread did one after another.
    public var phases: [Phase] = []
    /// What the workers did.
    public var works: [Work] = []

    /// A step of which nothing is known yet.
    public init(step: Int, span: Range<Duration>) {
        self.step = step
        self.span = span
    }

    /// What the coordinator's thread did for a while.
    public struct Phase: Sendable, Equatable {
        /// A name of ``TimingReport/Phases-swift.struct``.
        public var name: String
        /// When.
        public var span: Range<Duration>

        /// What the thread did for a while.
        public init(name: String, span: Range<Duration>) {
            self.name = name
            self.span = span
        }
    }

    /// The work of one worker on one range of shards.
    public struct Work: Sendable, Equatable {
        /// Its name.
        public var worker: String
        /// When it was asked, and when its last sum came.
        public var request: Range<Duration>
        /// When it was at work, as far as its clock tells.
        public var span: Range<Duration>
        /// When each of its lanes computed.
        public var lanes: [Range<Duration>]

        /// The work of a worker.
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
