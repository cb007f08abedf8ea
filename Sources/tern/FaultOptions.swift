import ArgumentParser
import DataParallel

/// How long a coordinator waits for workers that do not do their part.
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

    func validate() throws {
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
        settings.pauseTimeout = pauseTimeout.map { .seconds($0) }
    }
}
