import Glibc

/// A listening socket on this machine that is not a coordinator and never answers by itself.
final class ListeningSocket: Sendable {
    let port: UInt16
    private let socket: Int32

    /// Listens at an address of this machine, by default on a port that the system picks.
    init(_ host: String = "127.0.0.1", port wanted: UInt16 = 0) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { [socket] address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, size) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, address, &size) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard listens else { throw TestFailure(description: "cannot listen on a port") }
    }

    deinit { close(socket) }

    /// Waits up to ten seconds for a peer to connect, and returns the connection's descriptor.
    func accept() throws -> Int32 {
        var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, 10_000) > 0 else {
            throw TestFailure(description: "nobody dials port \(port)")
        }
        let descriptor = Glibc.accept(socket, nil, nil)
        guard descriptor >= 0 else {
            throw TestFailure(description: "a peer that dialled port \(port) has gone")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }
}
