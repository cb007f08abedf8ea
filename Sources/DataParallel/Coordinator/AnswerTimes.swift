/// How long the last answers took, from which it is learnt what is late.
struct AnswerTimes: Sendable {
    private var last = LastTimes()

    /// Notes that an answer came `time` after it was asked for.
    mutating func note(_ time: Duration) { last.note(time) }

    /// The usual time: the lower median, which a slow half of the workers does not move.
    var usual: Duration? {
        last.times.isEmpty ? nil : last.times.sorted()[(last.times.count - 1) / 2]
    }

    /// The longest time.
    var longest: Duration? { last.times.max() }
}
