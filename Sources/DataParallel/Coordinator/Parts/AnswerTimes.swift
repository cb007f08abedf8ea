/// How long recent answers took, from which the coordinator derives its timeouts.
package struct AnswerTimes: Sendable {
    private var last = LastTimes()
    /// A factor on the timeout, doubled each time workers are dropped until an answer arrives in time.
    private var patience = 1

    /// Starts without answers.
    package init() {}

    /// Records that an answer arrived `time` after its request.
    ///
    /// - Parameter least: the shortest timeout.
    package mutating func note(_ time: Duration, atLeast least: Duration) {
        if patience > 1, time <= shortestTimeout(atLeast: least) { patience = 1 }
        last.note(time)
    }

    /// Records that workers timed out: the next ones get twice the time.
    ///
    /// So a step ends even if all remaining workers are far slower than all answers before.
    package mutating func noteTimeout() { patience = min(patience * 2, 1 << 20) }

    /// The usual time: the lower median, which a slow half of the workers does not move.
    package var usual: Duration? {
        last.times.isEmpty ? nil : last.times.sorted()[(last.times.count - 1) / 2]
    }

    /// How long an answer may take before it is late; nil without earlier answers.
    package var lateAfter: Duration? { usual.map { max(.milliseconds(100), $0 * 4) } }

    /// How long an answer may take before its worker is dropped.
    ///
    /// Ten times the longest recent answer, at least `least`, and at most a hundred times the usual, so that a
    /// worker that is late repeatedly does not get ever more time. Each timeout doubles it. Before the first
    /// answer it is ten times `least`, because the time of a step is unknown.
    package func timeout(atLeast least: Duration) -> Duration {
        shortestTimeout(atLeast: least) * patience
    }

    private func shortestTimeout(atLeast least: Duration) -> Duration {
        guard let longest = last.times.max(), let usual else { return least * 10 }
        return max(least, min(longest * 10, usual * 100))
    }
}
