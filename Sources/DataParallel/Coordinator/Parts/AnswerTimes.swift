/// How long the last answers took, from which the coordinator learns what is late.
package struct AnswerTimes: Sendable {
    private var last = LastTimes()
    /// By how much more time is allowed, since workers were dropped and nobody has answered in time after that.
    private var patience = 1

    /// No answer so far.
    package init() {}

    /// Notes that an answer came `time` after it was asked for.
    ///
    /// - Parameter least: the shortest timeout.
    package mutating func note(_ time: Duration, atLeast least: Duration) {
        if patience > 1, time <= shortestTimeout(atLeast: least) { patience = 1 }
        last.note(time)
    }

    /// Notes that workers were dropped since they took too long: the next ones get twice the time.
    ///
    /// So a step ends, however much slower than all answers before the workers are that are left.
    package mutating func noteTimeout() { patience = min(patience * 2, 1 << 20) }

    /// The usual time: the lower median, which a slow half of the workers does not move.
    package var usual: Duration? {
        last.times.isEmpty ? nil : last.times.sorted()[(last.times.count - 1) / 2]
    }

    /// How long an answer may take before it is late; nil where there was none to learn from.
    package var lateAfter: Duration? { usual.map { max(.milliseconds(100), $0 * 4) } }

    /// How long an answer may take before its worker is dropped.
    ///
    /// That is ten times the longest answer of late, but at least `least`, and at most a hundred times the
    /// usual, lest a worker that is late again and again gets ever more time; each time that workers are
    /// dropped doubles it. While there is no answer to learn from, nobody knows how long a step takes.
    package func timeout(atLeast least: Duration) -> Duration {
        shortestTimeout(atLeast: least) * patience
    }

    private func shortestTimeout(atLeast least: Duration) -> Duration {
        guard let longest = last.times.max(), let usual else { return least * 10 }
        return max(least, min(longest * 10, usual * 100))
    }
}
