import CZeroMQ

/// A well-formed endpoint: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`.
///
/// libzmq answers all malformed ones with "invalid argument"; this says what is wrong with which
/// part. Whether the address exists, only the attempt to use it can tell.
struct Endpoint {
    static let forms = "use tcp://HOST:PORT, ipc://PATH or inproc://NAME"

    enum Transport: String {
        case tcp, ipc, inproc
    }

    let text: String
    let transport: Transport
    /// What follows the `://`.
    let address: Substring

    /// Whether the host is an IPv6 address, which a socket has to allow first.
    var isIPv6: Bool { transport == .tcp && address.hasPrefix("[") }

    /// Checks the syntax of an endpoint that is to be used in `operation`.
    init(_ text: String, for operation: SocketError.Operation) throws(SocketError) {
        func malformed(_ reason: String, code: Int32 = EINVAL) -> SocketError {
            SocketError(operation, text.isEmpty ? "''" : text, code: code, reason: reason)
        }
        // Without Foundation there is no range(of:): the first colon must be that of "://".
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            throw malformed("the transport is missing; \(Self.forms)")
        }
        let name = text[..<colon]
        guard let transport = Transport(rawValue: String(name)) else {
            throw malformed("there is no transport '\(name)'; \(Self.forms)")
        }
        self.text = text
        self.transport = transport
        address = text[colon...].dropFirst(3)

        switch transport {
        case .tcp:
            if let fault = Self.fault(inTCP: address, listening: operation == .listen) {
                throw malformed("\(fault); the form is tcp://HOST:PORT, as in tcp://127.0.0.1:5555")
            }
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
    }

    /// What is wrong with `HOST:PORT`, or nil.
    private static func fault(inTCP address: Substring, listening: Bool) -> String? {
        guard let colon = address.lastIndex(of: ":"), !address.hasSuffix("]") else {
            return "the port is missing"
        }
        let host = address[..<colon]
        let port = address[address.index(after: colon)...]
        if host.isEmpty { return "the host is missing" }
        if host.contains(where: { $0.isWhitespace || $0 == "/" }) {
            return "'\(host)' is not a host"
        }
        if host.contains(":") && !(host.hasPrefix("[") && host.hasSuffix("]")) {
            return "an IPv6 address goes into brackets"
        }
        if host == "*" && !listening { return "the host to connect to must be named, not '*'" }
        if port == "*" {
            return listening ? nil : "the port to connect to must be a number, not '*'"
        }
        let isNumber = !port.isEmpty && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let number = UInt16(port) else {
            return port.isEmpty ? "the port is missing" : "'\(port)' is not a port (0 to 65535)"
        }
        return number == 0 && !listening ? "nobody can be reached at port 0" : nil
    }
}
