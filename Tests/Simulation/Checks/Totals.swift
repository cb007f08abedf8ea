/// The totals of many simulated runs.
package struct Totals: Sendable {
    package private(set) var runs = 0
    /// The number of runs with a violation.
    package private(set) var failures = 0
    private var steps = 0
    private var repeated = 0
    private var sessions = 0
    private var events = 0
    private var duration: Duration = .zero
    private var faults: [String: Int] = [:]
    private var maxima = Maxima()

    /// No runs.
    package init() {}

    /// Adds a run.
    package mutating func add(_ report: Report) {
        runs += 1
        if report.violation != nil { failures += 1 }
        steps += report.steps
        repeated += report.repeated
        sessions += report.sessions
        events += report.events
        duration += report.duration
        faults.merge(report.faults, uniquingKeysWith: +)
        maxima.merge(report.maxima)
    }

    /// A summary in a few lines.
    package func summary(wallTime: Duration) -> String {
        let kinds = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let wall = (wallTime / .milliseconds(100)).rounded() / 10
        return """
            runs: \(runs), of which \(failures) failed
            steps: \(steps) in \(sessions) sessions of coordinators, and \(repeated) made again
            faults: \(faults.values.reduce(0, +)) (\(kinds.joined(separator: ", ")))
            at most: \(maxima.inFlight) messages on their way in one direction of a connection, \
            \(maxima.backlog) events before a stopped process, \(maxima.stored) values in a machine or a step
            time: \(events) events in \(duration.components.seconds) virtual seconds, \
            run in \(wall) s
            """
    }
}
