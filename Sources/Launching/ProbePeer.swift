import Glibc

/// A client of a ``ProbeServer``.
struct ProbePeer: Sendable {
    /// The connection.
    let socket: TCPSocket
    /// The deadline of the connection.
    let end = ContinuousClock.now + Self.longest
    private var state = State.greeting([])
    /// The bytes of its transfer.
    private var transferred: UInt64 = 0

    private static let longest = Duration.seconds(5)
    /// More than the fastest network carries during a measurement.
    private static let mostBytes: UInt64 = 1 << 34

    private enum State {
        /// The part of the greeting received so far.
        case greeting([UInt8])
        case idle
        case uploading
        case downloading
    }

    /// A peer that has sent nothing yet.
    init(_ socket: TCPSocket) { self.socket = socket }

    /// Whether it has not presented the token yet.
    var isStranger: Bool { if case .greeting = state { true } else { false } }

    /// The poll events to wait for.
    var events: Int32 { if case .downloading = state { POLLOUT } else { POLLIN } }

    /// Handles the socket's next event.
    ///
    /// - Parameter uploaded: the bytes that all peers have uploaded.
    /// - Returns: whether to keep the connection.
    mutating func serve(
        _ token: ProbeToken, _ buffer: inout [UInt8], uploaded: inout UInt64
    ) -> Bool {
        if case .downloading = state { return sendNoise() }
        guard let count = socket.receive(into: &buffer) else { return false }
        let bytes = buffer[..<count]
        switch state {
        case .greeting(let begun): return greet(begun + bytes, token)
        case .idle: return answer(bytes, uploaded: &uploaded)
        default: return take(count, uploaded: &uploaded)
        }
    }

    private mutating func greet(_ bytes: [UInt8], _ token: ProbeToken) -> Bool {
        let greeting = ProbeProtocol.greeting(token)
        let heading = ProbeProtocol.heading
        guard bytes.count <= greeting.count,
            bytes.prefix(heading.count).elementsEqual(heading.prefix(bytes.count))
        else { return false }
        state = .greeting(bytes)
        guard bytes.count == greeting.count else { return true }
        // Compares in constant time, so that timing does not reveal a part of the token.
        guard zip(bytes, greeting).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else { return false }
        state = .idle
        return sendAll(ProbeProtocol.answer)
    }

    private mutating func answer(_ bytes: ArraySlice<UInt8>, uploaded: inout UInt64) -> Bool {
        for (index, byte) in zip(bytes.indices, bytes) {
            switch ProbeProtocol.Request(rawValue: byte) {
            case .echo: guard sendAll([byte]) else { return false }
            case .upload:
                state = .uploading
                return take(bytes[index...].count - 1, uploaded: &uploaded)
            case .download:
                state = .downloading
                return true
            case nil: return false
            }
        }
        return true
    }

    private mutating func take(_ count: Int, uploaded: inout UInt64) -> Bool {
        transferred += UInt64(count)
        uploaded += UInt64(count)
        guard transferred < Self.mostBytes else { return false }
        let report = UploadReport(own: transferred, all: uploaded).bytes
        // A report that does not fit may be skipped, but half a report may not be sent.
        return [0, report.count].contains(socket.send(report[...]))
    }

    private mutating func sendNoise() -> Bool {
        guard let count = socket.send(ProbeProtocol.noise[...]) else { return false }
        transferred += UInt64(count)
        return transferred < Self.mostBytes
    }

    /// Sends a few bytes; false if the socket's buffer is full.
    private func sendAll(_ bytes: [UInt8]) -> Bool { socket.send(bytes[...]) == bytes.count }
}
