import ArgumentParser
import DataParallel

/// The options for workers that are silent, late or wrong.
struct FaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Expel a worker that is silent for this long.",
            valueName: "seconds"))
    var heartbeatTimeout = 5

    @Option(
        help: ArgumentHelp(
            "Expel a worker that makes no progress for this long, or for ten times its longest "
                + "recent answer.", valueName: "seconds"))
    var answerTimeout = 30

    @Option(
        help: ArgumentHelp(
            "End the run, which can be resumed, after a pause of this long for lack of workers. "
                + "(default: never)", valueName: "seconds"))
    var pauseTimeout: Int?

    @Option(
        help: ArgumentHelp(
            "Fraction of the shard gradients, 0 to 1, that a second worker also computes. Tern "
                + "compares both bit by bit.", valueName: "fraction"))
    var audit = 0.0

    func validate() throws {
        if !(0...1).contains(audit) {
            throw ValidationError("--audit must be from 0 to 1, not \(audit)")
        }
        for (name, value) in [
            ("heartbeat-timeout", heartbeatTimeout), ("answer-timeout", answerTimeout),
            ("pause-timeout", pauseTimeout ?? 1),
        ] where !(1...1_000_000).contains(value) {
            throw ValidationError("--\(name) must be from 1 to 1000000 seconds, not \(value)")
        }
    }

    func apply(to settings: inout CoordinatorSettings) {
        settings.heartbeatTimeout = .seconds(heartbeatTimeout)
        settings.answerTimeout = .seconds(answerTimeout)
        settings.audit = audit
        settings.auditKey = .random(in: 0...UInt64.max)
        settings.pauseTimeout = pauseTimeout.map { .seconds($0) }
    }
}
