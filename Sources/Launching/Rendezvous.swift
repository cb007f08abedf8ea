import ZeroMQ

/// Where a launch's workers reach their coordinator, and the token for probes.
public struct Rendezvous: Sendable {
    /// The coordinator's port.
    public let port: UInt16
    /// This machine's name for the hosts; nil for the address that their logins come from.
    private let address: String?
    /// The endpoints of this machine, the farthest-reaching first.
    private let own: [String]
    /// The token that hosts present when they measure their route.
    public let token: ProbeToken
    /// Whether hosts connect through their ssh logins.
    public let isTunnelled: Bool

    /// A rendezvous on this machine.
    ///
    /// - Parameters:
    ///   - own: the endpoints at which other machines may reach it.
    public init(
        port: UInt16, address: String?, own: [String], token: ProbeToken, isTunnelled: Bool
    ) {
        self.port = port
        self.address = address
        self.own = own
        self.token = token
        self.isTunnelled = isTunnelled
    }

    /// A tunnel from a host's port to the coordinator, if hosts connect through their logins.
    ///
    /// The port is random, so that two launches on one host rarely collide. If the port is taken,
    /// ssh ends, and the retry picks another.
    func tunnel() -> RemoteShell.Tunnel? {
        isTunnelled ? RemoteShell.Tunnel(port: .random(in: 20_000...60_000), to: port) : nil
    }

    /// The endpoints at which a host may reach the coordinator, the likeliest first.
    ///
    /// - Parameter client: the address the login comes from, as the host's sshd reports it.
    func endpoints(client: String, through tunnel: RemoteShell.Tunnel?) -> [String] {
        if let tunnel { return ["tcp://127.0.0.1:\(tunnel.port)"] }
        if let address { return [Self.endpoint(address, port)] }
        // With a proxy, `client` is not an address.
        let seen = HostAddress(client) == nil ? [] : [Self.endpoint(client, port)]
        return seen + own.filter { !seen.contains($0) }
    }

    /// The endpoint of an address or a name.
    package static func endpoint(_ address: String, _ port: UInt16) -> String {
        "tcp://\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }
}
