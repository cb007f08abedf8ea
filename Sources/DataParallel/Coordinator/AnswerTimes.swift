/// How long the last answers took, from which it is learnt what is late.
struct AnswerTimes: Sendable {
    private static let count = 16
    private var times: [Duration] = []
    private var next = 0

    /// Notes that an answer came `time` after it was asked for.
    mutating func note(_ time: Duration) {
        if times.count < Self.count {
            times.append(time)
        } else {
            times[next] = time
        }
        next = (next + 1) % Self.count
    }

    /// The usual time: the lower median, which a slow half of the workers does not move.
    var usual: Duration? { times.isEmpty ? nil : times.sorted()[(times.count - 1) / 2] }

    /// The longest time.
    var longest: Duration? { times.max() }
}
