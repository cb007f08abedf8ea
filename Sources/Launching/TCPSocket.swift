import Glibc
import ZeroMQ

/// A non-blocking TCP socket without ZeroMQ, closed with its last reference.
final class TCPSocket: Sendable {
    /// The file descriptor.
    let descriptor: Int32

    /// Takes ownership of an open socket.
    private init(owning descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    // MARK: - Opening

    /// Starts to connect; once the socket is writable, ``connectError`` has the result.
    static func dialling(
        _ address: HostAddress, port: UInt16
    ) throws(SystemError) -> TCPSocket {
        try open(address, port: port) { socket, address, size throws(SystemError) in
            guard connect(socket.descriptor, address, size) == 0 || errno == EINPROGRESS else {
                throw SystemError(code: errno)
            }
            socket.set(IPPROTO_TCP, TCP_NODELAY, to: 1)
        }
    }

    /// Listens at an address; `::` also accepts IPv4.
    static func listening(
        at address: HostAddress, port: UInt16
    ) throws(SystemError) -> TCPSocket {
        try open(address, port: port) { socket, system, size throws(SystemError) in
            // The coordinator listens here right after this socket is closed.
            socket.set(Int(SOL_SOCKET), SO_REUSEADDR, to: 1)
            if address.isIPv6 {
                socket.set(IPPROTO_IPV6, IPV6_V6ONLY, to: address.text == "::" ? 0 : 1)
            }
            guard bind(socket.descriptor, system, size) == 0,
                listen(socket.descriptor, SOMAXCONN) == 0
            else { throw SystemError(code: errno) }
        }
    }

    private static func open(
        _ address: HostAddress, port: UInt16,
        _ use: (TCPSocket, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) -> TCPSocket {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // The call fails only if the address's scope is not an interface of this machine.
        guard getaddrinfo(address.text, "\(port)", &hints, &list) == 0, let first = list?.pointee,
            let system = first.ai_addr
        else { throw SystemError(code: EADDRNOTAVAIL) }
        defer { freeaddrinfo(list) }
        let descriptor = Glibc.socket(first.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        let socket = TCPSocket(owning: descriptor)
        try use(socket, system, first.ai_addrlen)
        return socket
    }

    /// Accepts the next connection of a listening socket.
    func accept() throws(SystemError) -> TCPSocket {
        let peer = Glibc.accept(descriptor, nil, nil)
        guard peer >= 0 else { throw SystemError(code: errno) }
        let socket = TCPSocket(owning: peer)
        socket.set(IPPROTO_TCP, TCP_NODELAY, to: 1)
        return socket
    }

    private func set(_ level: Int, _ option: Int32, to value: Int32) {
        var value = value
        setsockopt(
            descriptor, Int32(level), option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: - State

    /// The port that this socket listens on.
    var port: UInt16 {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = getsockname(descriptor, address, &size)
            }
            // Both address families have the port at the same offset.
            return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    /// Why connecting failed; nil if it did not.
    var connectError: SystemError? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : SystemError(code: code)
    }

    // MARK: - Using

    /// Sends as many bytes as the system accepts now; nil if the connection is broken.
    func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        outcome(
            bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            })
    }

    /// Reads what has arrived, possibly nothing; nil if the connection has ended.
    func receive(into buffer: inout [UInt8]) -> Int? {
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return count == 0 ? nil : outcome(count)
    }

    private func outcome(_ count: Int) -> Int? {
        if count >= 0 { return count }
        return [EAGAIN, EINTR].contains(errno) ? 0 : nil
    }

    /// Waits for one of the events, such as `POLLIN`, or for the connection's end; false after a
    /// timeout.
    func wait(for events: Int32, until end: ContinuousClock.Instant) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&state, 1, until: end) > 0
    }

    /// Resets the connection at once; unsent and unread data is dropped.
    func end() {
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
    }
}

/// A system error.
struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The error number.
    let code: Int32

    /// The system's message.
    var description: String { String(cString: strerror(code)) }
}

/// Polls descriptors until a deadline, and returns how many are ready.
func poll(
    _ states: UnsafeMutablePointer<pollfd>, _ count: Int, until end: ContinuousClock.Instant
) -> Int {
    while true {
        let rest = max(.zero, end - .now) / .milliseconds(1)
        let ready = Glibc.poll(states, nfds_t(count), Int32(min(rest.rounded(.up), 60_000)))
        guard ready < 0, errno == EINTR else { return max(0, Int(ready)) }
    }
}
