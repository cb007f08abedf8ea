/// Virtual time, and what is to happen in it.
///
/// Events of the same moment happen in the order in which they were planned, so a run is a function
/// of its schedule alone.
struct EventQueue {
    /// The time that it is.
    private(set) var now: Duration = .zero
    /// What is to happen, the last first.
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

    /// Goes to the next event's time and hands it over; nil if nothing is planned.
    mutating func next() -> (() -> Void)? {
        guard let event = events.popLast() else { return nil }
        now = event.time
        return event.action
    }

    /// Forgets all that was planned.
    mutating func removeAll() { events.removeAll() }
}
