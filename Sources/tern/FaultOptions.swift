import ArgumentParser
import DataParallel

/// What a coordinator does about workers that do not do their part, or do it wrongly.
struct FaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Do without a worker from whose machine nothing is heard for this long.",
            valueName: "seconds"))
    var heartbeatTimeout = 5

    @Option(
        help: ArgumentHelp(
            "Do without a worker that is connected but does not get on for this long, or for ten "
                + "times the longest answer of late.", valueName: "seconds"))
    var answerTimeout = 30

    @Option(
        help: ArgumentHelp(
            "End, to be resumed, when training has paused for want of workers for this long. "
                + "(default: never)", valueName: "seconds"))
    var pauseTimeout: Int?

    @Option(
        help: ArgumentHelp(
            "Have this share of the shard gradients computed by a second worker too, and compared bit "
                + "by bit, from 0 to 1.", valueName: "fraction"))
    var audit = 0.0

    func validate() throws {
        if !(0...1).contains(audit) {
            throw ValidationError("--audit must be a share from 0 to 1, not \(audit)")
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
