/// Virtual time and its planned events.
///
/// Events at the same time happen in the order of their planning, so a run depends only on its
/// schedule.
struct EventQueue {
    /// The current time.
    private(set) var now: Duration = .zero
    /// The planned events, the last first.
    private var events: [(time: Duration, action: () -> Void)] = []

    /// Plans an event.
    mutating func plan(after delay: Duration, _ action: @escaping () -> Void) {
        let time = now + delay
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].time > time { low = middle + 1 } else { high = middle }
        }
        events.insert((time, action), at: low)
    }

    /// Advances to the next event's time and returns the event; nil if none is planned.
    mutating func next() -> (() -> Void)? {
        guard let event = events.popLast() else { return nil }
        now = event.time
        return event.action
    }

    /// Drops all planned events.
    mutating func removeAll() { events.removeAll() }
}
