import CZeroMQ
import Glibc

/// Why a host name has no address.
public struct UnknownName: Error, Hashable, CustomStringConvertible {
    /// The name.
    public let name: String
    /// The resolver's error, one of `EAI_...`.
    let code: Int32
    /// The system's error if `code` is `EAI_SYSTEM`.
    let systemError: Int32

    /// One clause for the user.
    public var description: String {
        switch code {
        case EAI_NONAME: "the name \(name) is unknown"
        case tern_no_address: "the name \(name) has no address"
        case EAI_AGAIN: "the name \(name) cannot be resolved for now: no name server answers"
        case EAI_SYSTEM:
            "the name \(name) cannot be resolved: \(String(cString: strerror(systemError)))"
        default: "the name \(name) cannot be resolved: \(String(cString: gai_strerror(code)))"
        }
    }
}

/// A look-up of a host name by the system's resolver, on its own thread: it may wait for name servers
/// for tens of seconds.
public final class NameLookUp: Sendable {
    /// The addresses, alternating between the two families if it has both, or why there are none.
    public typealias Result = Swift.Result<[HostAddress], UnknownName>

    /// Becomes readable once the result is there.
    let fileDescriptor: Int32
    private let outcome = Locked<Result?>(nil)

    /// Starts to look up a name.
    init(_ name: String) {
        fileDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard fileDescriptor >= 0 else {
            outcome.withLock {
                $0 = .failure(UnknownName(name: name, code: EAI_SYSTEM, systemError: errno))
            }
            return
        }
        let thread = NativeThread.start(name: "tern-resolver") {
            let result = Self.lookUp(name)
            self.outcome.withLock { $0 = result }
            eventfd_write(self.fileDescriptor, 1)
        }
        pthread_detach(thread)
    }

    deinit { if fileDescriptor >= 0 { close(fileDescriptor) } }

    /// The result; nil until it is known.
    var result: Result? { outcome.withLock { $0 } }

    /// The addresses of a name.
    public static func addresses(of name: String) async -> Result {
        await NativeThread.run(name: "tern-resolver") { lookUp(name) }
    }

    /// Waits for the addresses of a name until `end`; nil if they are not known by then.
    package static func addresses(
        of name: String, until end: ContinuousClock.Instant
    ) -> Result? {
        let lookUp = NameLookUp(name)
        var state = pollfd(fd: lookUp.fileDescriptor, events: Int16(POLLIN), revents: 0)
        while lookUp.result == nil, .now < end {
            let rest = max(.zero, end - .now) / .milliseconds(1)
            _ = poll(&state, 1, Int32(min(rest.rounded(.up), 60_000)))
        }
        return lookUp.result
    }

    /// Asks the system's resolver, and waits for it.
    static func lookUp(_ name: String) -> Result {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &first)
        guard code == 0 else {
            return .failure(UnknownName(name: name, code: code, systemError: errno))
        }
        defer { freeaddrinfo(first) }
        var addresses: [HostAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ai_next
            if let address = HostAddress(entry.ai_addr), !addresses.contains(address) {
                addresses.append(address)
            }
        }
        guard !addresses.isEmpty else {
            return .failure(UnknownName(name: name, code: tern_no_address, systemError: 0))
        }
        return .success(inTurn(addresses))
    }

    /// Orders addresses as the resolver does, but alternating between the two families: if one family
    /// does not work, each of its addresses costs time (RFC 8305).
    package static func inTurn(_ addresses: [HostAddress]) -> [HostAddress] {
        guard let isIPv6First = addresses.first?.isIPv6 else { return [] }
        let preferred = addresses.filter { $0.isIPv6 == isIPv6First }
        let others = addresses.filter { $0.isIPv6 != isIPv6First }
        return (0..<max(preferred.count, others.count)).flatMap { index in
            [preferred, others].compactMap { $0.indices.contains(index) ? $0[index] : nil }
        }
    }
}
