/// The settings on which a worker's decisions depend.
public struct WorkerSettings: Sendable {
    /// How long to wait for a coordinator; nil for no limit.
    public var joinTimeout: Duration?

    /// For audit drills: every how many answers one gets a flipped bit; nil for never.
    public var answersToASpoiltOne: Int?

    /// For straggler drills: how long to delay each answer; nil for no delay.
    public var answerDelay: Duration?

    /// The settings of a worker.
    public init(
        joinTimeout: Duration?, answersToASpoiltOne: Int? = nil, answerDelay: Duration? = nil
    ) {
        self.joinTimeout = joinTimeout
        self.answersToASpoiltOne = answersToASpoiltOne
        self.answerDelay = answerDelay
    }
}
