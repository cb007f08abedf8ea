import Bounds

/// What members say that nothing asked them for, by who they are: it goes on where they dial again.
///
/// A member is asked for all that it has to say: sums, by requests; statuses, by pings; that it is ready,
/// by an assignment; and each example of its shards it may ask for once. All else costs it tokens, and one
/// that has none left is put out. An honest worker needs a few for the hellos that it repeats until its
/// welcome arrives.
///
/// What a member can cost the others follows: a key takes half a microsecond to decode, and a header has 32
/// at most, so a token buys less than 100 us of the coordinator's time with all that a message takes
/// beside. Ten a second are a thousandth of it; forty such members cost four hundredths.
package struct Accounts: Sendable {
    /// The tokens that a member has at first.
    package static let most = 200
    /// The tokens that it gets a second, until it has as many again.
    package static let aSecond = 10.0
    /// How long it is remembered that a worker was put out: one that is again within that time stays out.
    package static let memory = Duration.seconds(600)

    private var buckets: [WorkerIdentity: TokenBucket] = [:]
    private var expulsions: [WorkerIdentity: Duration] = [:]

    package init() {}

    /// How many workers there is something to remember of.
    package var count: Int { max(buckets.count, expulsions.count) }

    /// What a message costs that nothing asked for.
    ///
    /// It is what it takes to read it: headers are decoded, payloads only summed.
    static func cost(headerBytes: Int, payloadBytes: Int = 0) -> Int {
        1 + headerBytes / 1024 + payloadBytes / 65_536
    }

    /// Takes tokens of a worker; false once it has not so many.
    package mutating func take(_ count: Int, from identity: WorkerIdentity, now: Duration) -> Bool {
        if buckets[identity] == nil {
            // Those who have all their tokens are as if they had never spent one.
            if buckets.count >= 256 { buckets = buckets.filter { !$0.value.isFull(now: now) } }
            buckets[identity] = TokenBucket(most: Self.most, aSecond: Self.aSecond)
        }
        return buckets[identity]?.take(count, now: now) == true
    }

    /// A worker is put out; whether it was before, not long ago.
    package mutating func putOut(_ identity: WorkerIdentity, now: Duration) -> Bool {
        let isKnown = expulsions[identity].map { now - $0 < Self.memory } ?? false
        expulsions = expulsions.filter { now - $0.value < Self.memory }
        expulsions[identity] = now
        buckets[identity] = nil
        return isKnown
    }
}
