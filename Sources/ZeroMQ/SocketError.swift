import CZeroMQ

/// Why a socket could not be opened or tied to an endpoint.
public struct SocketError: Error, Hashable, CustomStringConvertible {
    /// What was tried.
    public enum Operation: String, Sendable {
        /// To make the socket or set its options.
        case open = "open a socket"
        /// To wait for peers at an endpoint.
        case listen = "listen on"
        /// To dial a peer's endpoint.
        case connect = "connect to"
        /// To follow the events of a socket's connections.
        case monitor = "monitor a socket"
        /// To take signals from a file descriptor.
        case awaitSignals = "wait for signals"
    }

    /// The operation that failed.
    public let operation: Operation
    /// The endpoint as written; nil if none is involved.
    public let endpoint: String?
    /// The error number, libzmq's or the system's.
    public let code: Int32
    /// What is wrong and, if known, what to do.
    public let reason: String

    /// Makes an error with the usual reason of its error number.
    package init(_ operation: Operation, _ endpoint: String? = nil, code: Int32) {
        self.init(
            operation, endpoint, code: code, reason: Self.reason(operation, endpoint, code))
    }

    /// Makes an error with its own reason.
    package init(_ operation: Operation, _ endpoint: String?, code: Int32, reason: String) {
        self.operation = operation
        self.endpoint = endpoint
        self.code = code
        self.reason = reason
    }

    /// One line for the user.
    public var description: String {
        "cannot \(operation.rawValue)" + (endpoint.map { " " + $0 } ?? "") + ": \(reason)"
    }

    private static func reason(
        _ operation: Operation, _ endpoint: String?, _ code: Int32
    ) -> String {
        let isPath = endpoint?.hasPrefix("ipc://") ?? false
        switch code {
        case EADDRINUSE:
            return "the address is in use; "
                + "choose another \(isPath ? "path" : "port") or stop the program that listens there"
        case EADDRNOTAVAIL, ENODEV:
            return "this machine has no such address or network interface; "
                + "tcp://*:PORT listens on all of them, tcp://127.0.0.1:PORT for this machine only"
        case EACCES, EPERM:
            return isPath
                ? "permission denied; choose a path in a directory you can write to"
                : "permission denied; ports below 1024 are reserved, choose a higher one"
        case ENOENT where isPath:
            return "the directory of the path does not exist"
        case EINVAL:
            return "the endpoint is malformed; \(Endpoint.forms)"
        case ECONNREFUSED where endpoint?.hasPrefix("inproc://") ?? false:
            return "no socket of this context listens there"
        case EMFILE:
            return "the process has too many open sockets or files; see ulimit -n"
        default:
            return String(cString: zmq_strerror(code))
        }
    }
}
