import Glibc

/// A TCP connection to this machine without ZeroMQ: it can break every rule of ZeroMQ's protocol.
final class RawConnection: Sendable {
    private let socket: Int32
    /// POLLRDHUP, of which Swift's import of the system's headers does not know.
    private static let hungUp = Int16(0x2000)

    /// Dials the port of an endpoint such as `tcp://127.0.0.1:5555`.
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

    deinit { close(socket) }

    /// Sends all the bytes; false once the other side has ended the connection.
    ///
    /// Where that side's window is closed too, the system would tell of the end only minutes later:
    /// so this looks for it before each part.
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

    /// Sends what a DEALER of ZeroMQ sends before its first message (ZMTP 3.0, mechanism NULL).
    func greet() {
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        send([0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism)
        send([UInt8](repeating: 0, count: 32))
        let property = [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        let command = [5] + Array("READY".utf8) + property
        send([4, UInt8(command.count)] + command)
        // The other side's greeting of 64 bytes, and a byte of its answer: now it takes messages.
        var bytes = [UInt8](repeating: 0, count: 65)
        recv(socket, &bytes, bytes.count, Int32(MSG_WAITALL))
    }

    /// Sends a frame of zeros that says that another follows; false once the connection is ended.
    func sendFrameWithMore(count: Int) -> Bool {
        let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
        return send([3] + length + [UInt8](repeating: 0, count: count))
    }
}
