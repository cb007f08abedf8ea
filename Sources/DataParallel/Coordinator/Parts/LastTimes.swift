/// The last sixteen times that something took.
struct LastTimes: Sendable {
    /// The most that are remembered.
    static let most = 16

    /// The times, in no order.
    private(set) var times: [Duration] = []
    private var next = 0

    /// Adds a time, in the oldest one's place where there are as many as are remembered.
    mutating func note(_ time: Duration) {
        if times.count < Self.most {
            times.append(time)
        } else {
            times[next] = time
        }
        next = (next + 1) % Self.most
    }

    /// Multiplies all times.
    mutating func scale(by factor: Double) { times = times.map { $0 * factor } }
}
