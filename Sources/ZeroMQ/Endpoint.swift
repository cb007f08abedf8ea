import CZeroMQ

/// A well-formed endpoint: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`.
///
/// libzmq reports all malformed ones as "invalid argument"; this names the wrong part. Only an attempt
/// to use the address shows whether it exists.
public struct Endpoint: Sendable {
    static let forms = "use tcp://HOST:PORT or ipc://PATH"

    enum Transport: String {
        case tcp, ipc, inproc
    }

    /// The host of a tcp endpoint.
    package enum Host: Hashable, Sendable {
        /// All addresses of this machine, of both families.
        case any
        case address(HostAddress)
        /// A host name or, to listen on, the name of a network interface.
        case name(String)
    }

    /// As written.
    public let text: String
    let transport: Transport
    /// The part after `://`.
    let address: Substring
    /// The host of `tcp`; nil for other transports.
    package let host: Host?
    /// The port of `tcp`; 0 for one that the system chooses.
    package let port: UInt16

    /// The name to look up before the endpoint can be used, or nil.
    public var name: String? {
        if case .name(let name) = host { name } else { nil }
    }

    /// Checks the syntax of an endpoint for `operation`.
    ///
    /// - Throws: ``SocketError`` that names the malformed part.
    public init(_ text: String, for operation: SocketError.Operation) throws(SocketError) {
        func malformed(_ reason: String, code: Int32 = EINVAL) -> SocketError {
            SocketError(operation, text.isEmpty ? "''" : text, code: code, reason: reason)
        }
        // Without Foundation there is no range(of:): the first colon must be that of "://".
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            throw malformed("the transport is missing: \(Self.forms)")
        }
        let name = text[..<colon]
        guard let transport = Transport(rawValue: String(name)) else {
            throw malformed("unknown transport '\(name)'; \(Self.forms)")
        }
        self.text = text
        self.transport = transport
        address = text[colon...].dropFirst(3)

        switch transport {
        case .tcp:
            do throws(Fault) {
                (host, port) = try Self.hostAndPort(in: address, listening: operation == .listen)
            } catch {
                throw malformed(
                    "\(error.reason); the form is tcp://HOST:PORT, as in tcp://127.0.0.1:5555")
            }
            return
        case .ipc:
            guard !address.isEmpty else { throw malformed("the form is ipc://PATH") }
            let limit = tern_longest_socket_path()
            guard address.utf8.count <= limit else {
                let length = address.utf8.count
                throw malformed(
                    "the path has \(length) bytes, a socket's path can have \(limit); "
                        + "choose a shorter one", code: ENAMETOOLONG)
            }
        case .inproc:
            guard !address.isEmpty else { throw malformed("the form is inproc://NAME") }
        }
        (host, port) = (nil, 0)
    }

    /// What is wrong with `HOST:PORT`.
    private struct Fault: Error {
        let reason: String
    }

    private static func hostAndPort(
        in address: Substring, listening: Bool
    ) throws(Fault) -> (Host, UInt16) {
        guard let colon = address.lastIndex(of: ":"), !address.hasSuffix("]") else {
            throw Fault(reason: "the port is missing")
        }
        let host = try host(address[..<colon], listening: listening)
        return (host, try port(address[address.index(after: colon)...], listening: listening))
    }

    private static func host(_ text: Substring, listening: Bool) throws(Fault) -> Host {
        if text.isEmpty { throw Fault(reason: "the host is missing") }
        if text == "*" {
            if listening { return .any }
            throw Fault(reason: "the host to connect to must be named, not '*'")
        }
        let inBrackets = text.hasPrefix("[") && text.hasSuffix("]") && text.utf8.count > 1
        if inBrackets {
            guard let address = HostAddress(String(text.dropFirst().dropLast())), address.isIPv6
            else { throw Fault(reason: "'\(text)' is not an IPv6 address") }
            return .address(address)
        }
        if text.contains(":"), text.utf8.allSatisfy({ $0 != 0x2F }) {
            throw Fault(reason: "an IPv6 address must be in brackets")
        }
        if text.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }) {
            guard let address = HostAddress(String(text)) else {
                throw Fault(reason: "'\(text)' is not an IPv4 address")
            }
            return .address(address)
        }
        guard isName(text) else { throw Fault(reason: "'\(text)' is not a host") }
        return .name(String(text))
    }

    /// Whether a text can be the name of a host, or of a network interface.
    private static func isName(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // The last may be empty: a name that ends in a dot is looked up as it is.
        return text.utf8.count <= 254
            && labels.enumerated().allSatisfy { index, label in
                (1...63).contains(label.utf8.count) || (label.isEmpty && index == labels.count - 1)
            }
            && text.utf8.first != 0x2D
            && text.utf8.allSatisfy { byte in
                switch byte {
                // Letters, digits, '-', '.' and '_'.
                case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    private static func port(_ text: Substring, listening: Bool) throws(Fault) -> UInt16 {
        if text == "*" {
            if listening { return 0 }
            throw Fault(reason: "the port to connect to must be a number, not '*'")
        }
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let number = UInt16(text) else {
            throw Fault(
                reason: text.isEmpty
                    ? "the port is missing" : "'\(text)' is not a port (0 to 65535)")
        }
        if number == 0, !listening { throw Fault(reason: "port 0 cannot be dialled") }
        return number
    }
}
