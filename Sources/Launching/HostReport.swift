/// What preflight has found out about a host.
public struct HostReport: Sendable {
    /// The host.
    public let host: Host
    /// What it is like, or why it cannot be used.
    public let outcome: Result<ReadyHost, HostError>

    /// What was found.
    public init(_ host: Host, _ outcome: Result<ReadyHost, HostError>) {
        (self.host, self.outcome) = (host, outcome)
    }

    /// The host if it can be used.
    public var ready: ReadyHost? { try? outcome.get() }
}

/// A host that can compute for a run.
public struct ReadyHost: Sendable {
    /// What it is like.
    public let probe: HostProbe
    /// The lanes of its worker.
    public let lanes: Int
    /// Where its worker dials.
    public let endpoint: String
    /// How fast the way there is; nil where the coordinator itself listened already.
    public let speed: RouteSpeed?
    /// How far its clock is ahead of this machine's, in seconds.
    public let clockOffset: Double
}
