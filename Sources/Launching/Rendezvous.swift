import ZeroMQ

/// Where the workers of a launch meet their coordinator, and what they show there.
public struct Rendezvous: Sendable {
    /// The port that the coordinator listens on.
    public let port: UInt16
    /// What hosts call this machine; nil for the address that their logins come from.
    private let address: String?
    /// The addresses of this machine, the farthest-reaching first.
    private let own: [String]
    /// What the hosts show when they measure their way to it.
    public let token: ProbeToken
    /// Whether the hosts get there through their logins.
    public let isTunnelled: Bool

    /// A place on this machine.
    ///
    /// - Parameters:
    ///   - own: the endpoints by which other machines may reach it.
    public init(
        port: UInt16, address: String?, own: [String], token: ProbeToken, isTunnelled: Bool
    ) {
        self.port = port
        self.address = address
        self.own = own
        self.token = token
        self.isTunnelled = isTunnelled
    }

    /// A port of a host that leads here, if the hosts get here through their logins.
    ///
    /// It is drawn, so that two launches on one host hardly ever ask for the same; ssh ends where it is taken,
    /// and another try draws another.
    func tunnel() -> RemoteShell.Tunnel? {
        isTunnelled ? RemoteShell.Tunnel(port: .random(in: 20_000...60_000), to: port) : nil
    }

    /// The endpoints that a host may reach the coordinator at, the likeliest first.
    ///
    /// - Parameter client: the address that its login comes from, as its sshd says it.
    func endpoints(client: String, through tunnel: RemoteShell.Tunnel?) -> [String] {
        if let tunnel { return ["tcp://127.0.0.1:\(tunnel.port)"] }
        if let address { return [Self.endpoint(address, port)] }
        // Through a proxy it is none.
        let seen = HostAddress(client) == nil ? [] : [Self.endpoint(client, port)]
        return seen + own.filter { !seen.contains($0) }
    }

    /// The endpoint of an address or a name.
    package static func endpoint(_ address: String, _ port: UInt16) -> String {
        "tcp://\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }
}
