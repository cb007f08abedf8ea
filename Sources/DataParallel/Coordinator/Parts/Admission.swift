import Protocol

/// Who may join, so that neither the log nor the memory grows with what strangers send.
///
/// A worker that is not let in yet says hello again every second.
struct Admission: Sendable {
    /// A cluster that comes back as one is let in at once.
    private static let mostAtOnce = 256
    /// How many join a second in the long run: a peer that joins again and again is told so often.
    private static let aSecond = 2

    /// The most members: those beyond the shards stand by, of which a few are enough.
    let mostMembers: Int
    private var free = mostAtOnce
    private var lastIncrease: Duration = .zero

    init(shards: Int) { mostMembers = max(64, 2 * shards) }

    /// Time has passed.
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
