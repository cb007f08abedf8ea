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

    /// How long an answer may take before it is late; nil where there was none to learn from.
    var lateAfter: Duration? { usual.map { max(.milliseconds(100), $0 * 4) } }

    /// How long an answer may take before its worker is dropped: ten times the longest of late, but no less than
    /// `least`; and no more than a hundred times the usual, lest one that is late again and again gets ever
    /// more time.
    ///
    /// As long as there was none at all to learn from, nobody knows how long a step takes.
    func timeout(atLeast least: Duration) -> Duration {
        guard let longest, let usual else { return least * 10 }
        return max(least, min(longest * 10, usual * 100))
    }
}
