import Bounds

/// How many connections the holders of each credential may make: a number at once, and then some a second.
///
/// libzmq's router draws the id of its first connection at random, counts on from there, and ends the
/// process if an id is in use (4.3.4, `router.cpp`: `add_out_pipe`). A peer may claim any id of 32 bits. One
/// that claims an id with each of the 1,024 connections that a coordinator takes, and goes on to make new
/// ones, hits the id that comes next after 2^32 / (1,024 x connections a second) seconds: 97 days with a
/// worker's credential, 24 days with a pool's.
struct ConnectionRates: Sendable {
    /// The connections at once, and those a second in the long run.
    private static let ofWorker = TokenBucket(most: 16, aSecond: 0.5)
    private static let ofPool = TokenBucket(most: 512, aSecond: 2)

    private var budgets: [String: TokenBucket] = [:]

    /// Whether a worker may make another connection.
    mutating func take(_ worker: AllowedWorker, now: Duration) -> Bool {
        budgets[worker.user, default: worker.isShared ? Self.ofPool : Self.ofWorker].take(now: now)
    }

    /// Forgets all that are not on a list any more.
    mutating func keep(_ list: AllowList) {
        budgets = budgets.filter { list.worker(user: $0.key) != nil }
    }
}
