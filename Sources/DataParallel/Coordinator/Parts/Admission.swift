import Protocol

/// Limits how many workers join, so that strangers can grow neither the log nor the memory.
///
/// A worker that is not admitted repeats its hello every second.
struct Admission: Sendable {
    /// How many join a second in the long run, which limits a peer that rejoins again and again.
    private static let aSecond = 2

    let mostMembers: Int
    /// Lets a whole cluster reconnect at once.
    private let mostAtOnce: Int
    private var free: Int
    private var lastIncrease: Duration = .zero

    init(shards: Int) {
        mostMembers = Limits.mostMembers(shards: shards)
        mostAtOnce = max(256, mostMembers)
        free = mostAtOnce
    }

    /// Advances the time.
    mutating func tick(now: Duration) {
        guard now - lastIncrease >= .seconds(1) else { return }
        lastIncrease = now
        free = min(free + Self.aSecond, mostAtOnce)
    }

    /// Why a peer cannot join, or nil if it can.
    mutating func refusal(members: Int) -> String? {
        guard members < mostMembers else { return "a hello, but \(members) workers have joined" }
        guard free > 0 else { return "a hello, but too many workers are joining at once" }
        free -= 1
        return nil
    }
}
