/// The result of a host's preflight check.
public struct HostReport: Sendable {
    /// The host.
    public let host: Host
    /// The host's probe, or why it cannot be used.
    public let outcome: Result<ReadyHost, HostError>

    /// A host's result.
    public init(_ host: Host, _ outcome: Result<ReadyHost, HostError>) {
        (self.host, self.outcome) = (host, outcome)
    }

    /// The host if it can be used.
    public var ready: ReadyHost? { try? outcome.get() }
}

/// A host that can compute for a run.
public struct ReadyHost: Sendable {
    /// The host's probe.
    public let probe: HostProbe
    /// The lanes of its worker.
    public let lanes: Int
    /// The endpoint that its worker dials.
    public let endpoint: String
    /// The speed of that route; nil if the coordinator was already listening.
    public let speed: RouteSpeed?
    /// How far its clock is ahead of this machine's, in seconds.
    public let clockOffset: Double
}
