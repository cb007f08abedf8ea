import Foundation
import TestSupport

// Attacks that break the rules of ZeroMQ's protocol. Each blocks, so it runs on its own thread, because
// Swift's pool has few threads and other tests need them.

extension RawConnection {
    /// Opens connections that send garbage, and some that start a handshake and then stay silent.
    static func sendGarbage(_ endpoint: String) async throws {
        try await onOwnThread {
            var noise = SplitMix64(state: 7)
            var silent: [RawConnection] = []
            for _ in 0..<200 {
                let connection = try RawConnection(endpoint)
                connection.send((0..<1000).map { _ in UInt8(noise.byte()) })
                silent.append(try RawConnection(endpoint))
                silent.last?.send([0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F])
                silent.append(try RawConnection(endpoint))
                silent.last?.greet()
            }
        }
    }

    /// Sends frames of one endless message, until the other side closes the connection or 20,000 are sent.
    ///
    /// - Parameters:
    ///   - count: the number of frames sent at once.
    ///   - size: the bytes of each frame.
    /// - Returns: the bytes that were sent, at least two a frame.
    static func sendWithoutEnd(
        _ endpoint: String, _ count: Int, of size: Int
    ) async throws -> Int {
        try await onOwnThread {
            let connection = try RawConnection(endpoint)
            connection.greet()
            var times = 0
            while times < 20_000, connection.sendFrames(count, of: size) { times += 1 }
            return times * count * (size + 2)
        }
    }

    /// A crowd that sends as many small messages as it can and disconnects at once, ten times.
    static func floodAndHangUp(_ endpoint: String) async throws {
        try await onOwnThread {
            for _ in 0..<10 {
                let crowd = try (0..<100).map { _ in try RawConnection(endpoint) }
                for connection in crowd { connection.greet() }
                for connection in crowd {
                    connection.sendFlood(messages: 30_000)
                    connection.reset()
                }
            }
        }
    }

    /// Many peers, one after another; each claims an identity of the form that a router assigns.
    static func claimNumbers(_ endpoint: String) async throws {
        try await onOwnThread {
            var noise = SplitMix64(state: 11)
            var claims: [RawConnection] = []
            for number in 0..<600 {
                let connection = try RawConnection(endpoint)
                connection.greet(identity: [0] + (0..<4).map { _ in UInt8(noise.byte()) })
                connection.sendFlood(messages: 300)
                claims.append(connection)
                if number % 100 == 99 { claims = [] }
            }
        }
    }

    /// Acts as a coordinator to a connecting worker, and sends an endless first message.
    ///
    /// - Returns: the bytes that were sent before the worker disconnected, or in 20,000 frames.
    static func answerWithoutEnd(_ listener: ListeningSocket, of size: Int) async throws -> Int {
        try await onOwnThread {
            let connection = try RawConnection(acceptedBy: listener)
            connection.greet(as: "ROUTER")
            var times = 0
            while times < 20_000, connection.sendFrames(1, of: size) { times += 1 }
            return times * size
        }
    }

    private static func onOwnThread<Outcome: Sendable>(
        _ attack: @escaping @Sendable () throws -> Outcome
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: attack)) }
        }
    }
}
