import Glibc
import Launching
import ZeroMQ

/// A condition that a test depends on was not met.
enum ProbeTestFailure: Error {
    case socket(Int32)
}

/// A probe server that runs while the test's body does.
struct ServedProbes {
    let endpoint: String
    let port: UInt16

    static func run(
        _ listen: String, _ token: ProbeToken, _ body: (ServedProbes) async throws -> Void
    ) async throws {
        let server = try await ProbeServer(Endpoint(listen, for: .listen), token: token)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ProbeTestFailure.socket(errno) }
        let (reading, writing) = (ends[0], ends[1])
        // A process that another test starts must not inherit it.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let endpoint = server.endpoint
        let port = try Endpoint(endpoint, for: .listen).port
        let serving = NativeThread.start(name: "probe-server") {
            var server = server
            server.run(untilEndOf: reading)
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(ServedProbes(endpoint: endpoint, port: port)))
        } catch {
            result = .failure(error)
        }
        close(writing)
        pthread_join(serving, nil)
        close(reading)
        try result.get()
    }
}

/// A loopback TCP socket without a protocol.
final class RawSocket: Sendable {
    let descriptor: Int32

    private init() throws {
        descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ProbeTestFailure.socket(errno) }
        // A test that waits in vain must fail.
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    }

    deinit { close(descriptor) }

    /// Listens at a port that the system picks, but accepts no connection.
    static func listening(backlog: Int32 = 8) throws -> RawSocket {
        let socket = try RawSocket()
        guard socket.withAddress(port: 0, bind) == 0, listen(socket.descriptor, backlog) == 0 else {
            throw ProbeTestFailure.socket(errno)
        }
        return socket
    }

    /// Connects to a port.
    static func dialling(port: UInt16) throws -> RawSocket {
        let socket = try RawSocket()
        guard socket.withAddress(port: port, connect) == 0 else {
            throw ProbeTestFailure.socket(errno)
        }
        return socket
    }

    private func withAddress(
        port: UInt16, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The port that it listens at.
    var port: UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { address in
            _ = address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Accepts a peer, sends it a text, and closes the connection after the peer has.
    func greetOne(_ text: String) {
        let peer = accept(descriptor, nil, nil)
        _ = Glibc.send(peer, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        var byte: UInt8 = 0
        while recv(peer, &byte, 1, 0) > 0 {}
        close(peer)
    }

    /// Sends a text.
    func send(_ text: String) {
        _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
    }

    /// The next received data; empty at the end of the connection, and nil after a timeout or an error.
    func receive() -> String? {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count < 0 { return errno == EAGAIN ? nil : "" }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// A port of this machine where nobody listens.
func closedPort() throws -> UInt16 { try RawSocket.listening().port }
