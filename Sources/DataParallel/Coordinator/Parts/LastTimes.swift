/// The durations of the last sixteen runs of something.
struct LastTimes: Sendable {
    /// The most durations that are kept.
    static let most = 16

    /// The durations, unordered.
    private(set) var times: [Duration] = []
    private var next = 0

    /// Adds a duration; it replaces the oldest when all sixteen are used.
    mutating func note(_ time: Duration) {
        if times.count < Self.most {
            times.append(time)
        } else {
            times[next] = time
        }
        next = (next + 1) % Self.most
    }

    /// Multiplies all durations.
    mutating func scale(by factor: Double) { times = times.map { $0 * factor } }
}
