import Protocol

/// Limits how many workers join, so that strangers can grow neither the log nor the memory.
///
/// A worker that is not admitted repeats its hello every second.
struct Admission: Sendable {
    /// Lets a whole cluster reconnect at once.
    private static let mostAtOnce = 256
    /// How many join a second in the long run, which limits a peer that rejoins again and again.
    private static let aSecond = 2

    /// The most members: those without a shard stand by, and a few of these are enough.
    let mostMembers: Int
    private var free = mostAtOnce
    private var lastIncrease: Duration = .zero

    init(shards: Int) { mostMembers = max(64, 2 * shards) }

    /// Advances the time.
    mutating func tick(now: Duration) {
        guard now - lastIncrease >= .seconds(1) else { return }
        lastIncrease = now
        free = min(free + Self.aSecond, Self.mostAtOnce)
    }

    /// Why a peer cannot join, or nil if it can.
    mutating func refusal(members: Int) -> String? {
        guard members < mostMembers else { return "a hello, but \(members) workers have joined" }
        guard free > 0 else { return "a hello, but too many workers are joining at once" }
        free -= 1
        return nil
    }
}
