import Bounds

/// A token bucket for the unrequested messages of each worker identity; it survives reconnecting.
///
/// The coordinator requests most messages: sums by requests, statuses by pings, readiness by an assignment, and
/// each example of a member's shards once. Every other message costs tokens, and a member without tokens is
/// expelled. An honest worker needs a few tokens for the hellos that it repeats until its welcome arrives.
///
/// This bounds what a member can cost the others: a key takes half a microsecond to decode, and a header has at
/// most 32, so a token buys less than 100 us of the coordinator's time, overhead included. Ten tokens a second
/// take a thousandth of that time; forty such members take four hundredths.
package struct Accounts: Sendable {
    /// The tokens of a full bucket, with which a member starts.
    package static let most = 200
    /// The tokens that a member regains each second.
    package static let aSecond = 10.0
    /// How long an expulsion is remembered: a worker expelled twice within this time stays out.
    package static let memory = Duration.seconds(600)

    private var buckets: [WorkerIdentity: TokenBucket] = [:]
    private var expulsions: [WorkerIdentity: Duration] = [:]

    package init() {}

    /// How many workers are remembered.
    package var count: Int { max(buckets.count, expulsions.count) }

    /// The tokens that an unrequested message costs.
    ///
    /// They follow the time to read it: headers are decoded, payloads only checksummed.
    static func cost(headerBytes: Int, payloadBytes: Int = 0) -> Int {
        1 + headerBytes / 1024 + payloadBytes / 65_536
    }

    /// Takes tokens from a worker; returns false if it has too few.
    package mutating func take(_ count: Int, from identity: WorkerIdentity, now: Duration) -> Bool {
        if buckets[identity] == nil {
            // A full bucket carries no information, so it can be removed.
            if buckets.count >= 256 { buckets = buckets.filter { !$0.value.isFull(now: now) } }
            buckets[identity] = TokenBucket(most: Self.most, aSecond: Self.aSecond)
        }
        return buckets[identity]?.take(count, now: now) == true
    }

    /// Records an expulsion; returns whether the worker was expelled recently before.
    package mutating func recordExpulsion(_ identity: WorkerIdentity, now: Duration) -> Bool {
        let isKnown = expulsions[identity].map { now - $0 < Self.memory } ?? false
        expulsions = expulsions.filter { now - $0.value < Self.memory }
        expulsions[identity] = now
        buckets[identity] = nil
        return isKnown
    }
}
