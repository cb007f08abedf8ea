import Bounds

/// Limits the connections of each credential's holders: a burst, and then a number a second.
///
/// libzmq's router draws the id of its first connection at random, counts on from there, and ends the
/// process if an id is in use (4.3.4, `router.cpp`: `add_out_pipe`). A peer may claim any id of 32
/// bits. A peer that claims an id with each of the 2,048 connections that a coordinator accepts, and
/// keeps making new ones, hits the next id after 2^32 / (2,048 x connections a second) seconds: 48 days
/// with a worker's credential, 12 days with a pool's. A pool's burst, which lets a thousand workers in
/// at once, hits it with a probability below 2,048 x 2,048 / 2^32, one in a thousand.
struct ConnectionRates: Sendable {
    /// The connections at once, and those a second in the long run.
    private static let ofWorker = TokenBucket(most: 16, aSecond: 0.5)
    private static let ofPool = TokenBucket(most: 2048, aSecond: 2)

    private var budgets: [String: TokenBucket] = [:]

    /// Whether a worker may make another connection.
    mutating func take(_ worker: AllowedWorker, now: Duration) -> Bool {
        budgets[worker.user, default: worker.isShared ? Self.ofPool : Self.ofWorker].take(now: now)
    }

    /// Drops the budgets of workers that are not on a list any more.
    mutating func keep(_ list: AllowList) {
        budgets = budgets.filter { list.worker(user: $0.key) != nil }
    }
}
