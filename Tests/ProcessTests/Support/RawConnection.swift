import Glibc

/// A TCP connection to this machine without ZeroMQ; it can break every rule of ZeroMQ's protocol.
final class RawConnection: Sendable {
    private let socket: Int32
    // POLLRDHUP, which Swift's import of the system's headers lacks.
    private static let hungUp = Int16(0x2000)

    /// Connects to the port of an endpoint such as `tcp://127.0.0.1:5555`.
    init(_ endpoint: String) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        address.sin_port =
            (endpoint.split(separator: ":").last.flatMap { UInt16($0) } ?? 0).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeMutablePointer(to: &address) { [socket] address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(socket, address, size) == 0
            }
        }
        guard isConnected else {
            let reason = String(cString: strerror(errno))
            throw TestFailure(description: "cannot dial \(endpoint): \(reason)")
        }
    }

    /// Accepts the next connecting peer.
    init(acceptedBy listener: ListeningSocket) throws { socket = try listener.accept() }

    deinit { close(socket) }

    /// Makes the connection reset at once when this object goes away, whatever data is still in flight.
    func reset() {
        var lingering = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
    }

    /// Sends all the bytes; returns false once the other side has closed the connection.
    ///
    /// If that side's window is closed too, the system reports the end only minutes later, so this checks
    /// before each part.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            var state = pollfd(fd: socket, events: Int16(POLLOUT) | Self.hungUp, revents: 0)
            guard poll(&state, 1, -1) > 0, state.revents & Self.hungUp == 0 else { return false }
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    socket, buffer.baseAddress?.advanced(by: sent), buffer.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends a ZeroMQ socket's handshake (ZMTP 3.0, mechanism NULL).
    ///
    /// - Parameters:
    ///   - kind: the socket's kind in six letters, such as DEALER.
    ///   - identity: the identity that it claims, if any.
    func greet(as kind: String = "DEALER", identity: [UInt8] = []) {
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        send([0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism)
        send([UInt8](repeating: 0, count: 32))
        let type = [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array(kind.utf8)
        let name = [8] + Array("Identity".utf8) + [0, 0, 0, UInt8(identity.count)] + identity
        let command = [5] + Array("READY".utf8) + type + (identity.isEmpty ? [] : name)
        send([4, UInt8(command.count)] + command)
        // After the other side's greeting of 64 bytes and one byte of its answer, it accepts messages.
        var bytes = [UInt8](repeating: 0, count: 65)
        recv(socket, &bytes, bytes.count, Int32(MSG_WAITALL))
    }

    /// Sends frames of zeros that announce a further frame; returns false once the connection is closed.
    func sendFrames(_ count: Int, of size: Int) -> Bool {
        let length = (0..<8).map { UInt8(truncatingIfNeeded: size >> (56 - 8 * $0)) }
        let head = size > 255 ? [3] + length : [1, UInt8(size)]
        let frame = head + [UInt8](repeating: 0, count: size)
        return send(Array(repeatElement(frame, count: count).joined()))
    }

    /// Sends messages of one byte each, with three pings after every three hundred.
    func sendFlood(messages: Int) {
        let ping: [UInt8] = [4, 7, 4] + Array("PING".utf8) + [0, 0]
        let part = [[UInt8]](repeating: [0, 1, 0], count: 300) + [ping, ping, ping]
        send([[[UInt8]]](repeating: part, count: messages / 300).flatMap { $0.flatMap { $0 } })
    }
}
