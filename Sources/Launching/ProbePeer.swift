import Glibc

/// One who has dialled a ``ProbeServer``.
struct ProbePeer: Sendable {
    /// The connection.
    let socket: TCPSocket
    /// When it is cut off, whatever it does.
    let end = ContinuousClock.now + Self.longest
    private var state = State.greeting([])
    /// The bytes of its transfer.
    private var transferred: UInt64 = 0

    private static let longest = Duration.seconds(5)
    /// More than the fastest network carries in the time of a measurement.
    private static let mostBytes: UInt64 = 1 << 34

    private enum State {
        /// It has shown so much of the greeting.
        case greeting([UInt8])
        case idle
        case uploading
        case downloading
    }

    /// A peer that has said nothing yet.
    init(_ socket: TCPSocket) { self.socket = socket }

    /// Whether it has not shown the token.
    var isStranger: Bool { if case .greeting = state { true } else { false } }

    /// What is waited for.
    var events: Int32 { if case .downloading = state { POLLOUT } else { POLLIN } }

    /// Does what can be done now.
    ///
    /// - Parameter uploaded: the bytes that all peers have uploaded.
    /// - Returns: whether the connection goes on.
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
        // How long the comparison takes is not to tell how much of the token is right.
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
        // One that does not fit may be left out, but no half of one may be sent.
        return [0, report.count].contains(socket.send(report[...]))
    }

    private mutating func sendNoise() -> Bool {
        guard let count = socket.send(ProbeProtocol.noise[...]) else { return false }
        transferred += UInt64(count)
        return transferred < Self.mostBytes
    }

    /// Sends a few bytes; false if a peer reads so little that there is no room for them.
    private func sendAll(_ bytes: [UInt8]) -> Bool { socket.send(bytes[...]) == bytes.count }
}
