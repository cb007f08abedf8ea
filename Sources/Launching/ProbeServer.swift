import Glibc
import ZeroMQ

/// The peer of ``RouteProbe``s: it listens in the coordinator's place and answers clients with the
/// token.
///
/// One thread serves all clients. Clients without the token are disconnected. The number of
/// connections, and the time and bytes of each, are bounded.
public struct ProbeServer: Sendable {
    /// The maximum number of connections; beyond it, a new one replaces the oldest without the
    /// token.
    public static let mostConnections = 1024

    /// The first endpoint that it listens on, with the actual port.
    public let endpoint: String
    private let listeners: [TCPSocket]
    private let token: ProbeToken
    private let mostPeers: Int
    private var peers: [ProbePeer] = []
    /// The bytes of all uploads together.
    private var uploaded: UInt64 = 0

    /// Listens on all addresses of the endpoint that belong to this machine.
    ///
    /// - Throws: ``SocketError`` if there is none, or one is in use.
    public init(_ endpoint: Endpoint, token: ProbeToken) async throws(SocketError) {
        var port = endpoint.port
        var listeners: [TCPSocket] = []
        var first: String?
        for address in try await Self.addresses(of: endpoint) {
            do throws(SystemError) {
                let listener = try TCPSocket.listening(at: address, port: port)
                port = listener.port
                listeners.append(listener)
                first = first ?? address.endpoint(port: port)
            } catch {
                // The address belongs to another machine, or this one lacks its address family.
                guard [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.code) else {
                    throw SocketError(.listen, endpoint.text, code: error.code)
                }
            }
            if endpoint.host == .any, first != nil { break }
        }
        guard let first else { throw SocketError(.listen, endpoint.text, code: EADDRNOTAVAIL) }
        self.endpoint = first
        self.listeners = listeners
        self.token = token
        mostPeers = min(Self.mostConnections, max(1, DescriptorLimit.raise() - 64))
    }

    private static func addresses(of endpoint: Endpoint) async throws(SocketError) -> [HostAddress]
    {
        switch endpoint.host {
        // An IPv6 socket also accepts IPv4 connections.
        case .any: return ["::", "0.0.0.0"].compactMap { HostAddress($0) }
        case .address(let address): return [address]
        case .name(let name):
            let addresses = HostAddress.ofThisMachine(interface: name)
            return addresses.isEmpty ? try await endpoint.addressesOfName() : addresses
        case nil:
            throw SocketError(
                .listen, endpoint.text, code: EINVAL, reason: "only tcp://HOST:PORT can be probed")
        }
    }

    /// Serves until the other end of the pipe `input` is closed.
    public mutating func run(untilEndOf input: Int32) {
        let never = ContinuousClock.now + .seconds(1 << 30)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            var states = [pollfd(fd: input, events: Int16(POLLIN), revents: 0)]
            states += listeners.map {
                pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
            }
            states += peers.map {
                pollfd(fd: $0.socket.descriptor, events: Int16($0.events), revents: 0)
            }
            _ = poll(&states, states.count, until: peers.first?.end ?? never)
            if states[0].revents != 0, Self.hasEnded(input) { return }
            serve(states.dropFirst(1 + listeners.count), &buffer)
            for listener in listeners { accept(from: listener) }
        }
    }

    /// Reads and ignores input; whether it has ended.
    private static func hasEnded(_ input: Int32) -> Bool {
        var rest = [UInt8](repeating: 0, count: 1 << 10)
        let count = read(input, &rest, rest.count)
        return count == 0 || count < 0 && ![EAGAIN, EINTR].contains(errno)
    }

    private mutating func serve(_ states: ArraySlice<pollfd>, _ buffer: inout [UInt8]) {
        let now = ContinuousClock.now
        var left: [ProbePeer] = []
        for (peer, state) in zip(peers, states) where now < peer.end {
            var peer = peer
            if state.revents != 0 {
                guard peer.serve(token, &buffer, uploaded: &uploaded) else { continue }
            }
            left.append(peer)
        }
        peers = left
    }

    private mutating func accept(from listener: TCPSocket) {
        // Limits accepts per round, so that a client that reconnects in a loop does not block the
        // others.
        for _ in 0..<64 {
            guard let socket = try? listener.accept() else { return }
            if peers.count >= mostPeers {
                guard let stranger = peers.firstIndex(where: \.isStranger) else { continue }
                peers.remove(at: stranger)
            }
            peers.append(ProbePeer(socket))
        }
    }
}
