import Foundation
import TestSupport

// Attacks that break the rules of ZeroMQ's protocol. Each blocks, so it has a thread of its own: the few
// of Swift's pool are there for other tests too.

extension RawConnection {
    /// Connections that speak no ZeroMQ, and some that begin to and then say nothing.
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

    /// Frames of one message that never ends, until the other side has had enough, or 20,000 times.
    ///
    /// - Parameters:
    ///   - count: how many frames are sent at a time.
    ///   - size: the bytes of each.
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

    /// A crowd that sends as many small messages as it can and ends its connections at once, ten times.
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

    /// Many peers, one after another, of which each claims a number as a router gives them to its peers.
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

    /// A coordinator to a worker that dials it, whose first message never ends.
    ///
    /// - Returns: the bytes that were sent until the worker had enough, or 20,000 frames.
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
