/// What a worker's decisions depend on.
public struct WorkerSettings: Sendable {
    /// How long to wait for a coordinator; nil for ever.
    public var joinTimeout: Duration?

    /// For drills of audits: after how many answers one is spoilt by a flipped bit; nil for never.
    public var answersToASpoiltOne: Int?

    /// For drills of slow workers: how long an answer is held back; nil for not at all.
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
