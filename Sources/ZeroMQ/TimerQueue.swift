/// A handle that can cancel a timer.
public struct TimerToken: Hashable, Sendable {
    fileprivate let id: Int
}

/// The actions that a thread runs at given times.
///
/// An array, not a heap: a thread has a handful of timers.
struct TimerQueue {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        let token: TimerToken
        var deadline: Instant
        let interval: Duration?
        let action: () -> Void
    }

    private var entries: [Entry] = []
    private var nextID = 0

    /// Adds a timer that is due at `deadline` and, with an interval, again and again.
    mutating func add(
        at deadline: Instant, repeatingEvery interval: Duration?, _ action: @escaping () -> Void
    ) -> TimerToken {
        precondition(interval ?? .seconds(1) > .zero, "a timer needs some time between its calls")
        let token = TimerToken(id: nextID)
        nextID += 1
        entries.append(
            Entry(token: token, deadline: deadline, interval: interval, action: action))
        return token
    }

    /// Removes a timer and returns its action, or nil if it is gone already.
    mutating func remove(_ token: TimerToken) -> (() -> Void)? {
        guard let index = entries.firstIndex(where: { $0.token == token }) else { return nil }
        return entries.remove(at: index).action
    }

    /// Removes the earliest timer that is due, or moves it to its next time, and returns its action.
    mutating func popDue(at now: Instant) -> (() -> Void)? {
        guard let index = earliest, entries[index].deadline <= now else { return nil }
        let action = entries[index].action
        if let interval = entries[index].interval {
            // In step with the first deadline; but a thread that was stopped for a minute skips the
            // ticks that it missed.
            let next = entries[index].deadline + interval
            entries[index].deadline = next > now ? next : now + interval
        } else {
            entries.remove(at: index)
        }
        return action
    }

    /// How many milliseconds `zmq_poll` may wait before the next timer is due, or -1 for ever.
    func pollTimeout(at now: Instant) -> Int {
        guard let index = earliest else { return -1 }
        return Int((entries[index].deadline - now).milliseconds)
    }

    private var earliest: Int? {
        entries.indices.min { entries[$0].deadline < entries[$1].deadline }
    }
}
