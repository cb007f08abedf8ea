import ArgumentParser
import Bounds
import Monitoring
import Training
import Verification
import ZeroMQ

/// Checks a run against its record, its data and its configuration.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a run used each example once per epoch and has the right weights.",
        discussion: """
            Repeats the run's steps in this process and compares the weights after each with the run's \
            record, steps.csv; checks the checkpoints and the model too. Only reads files. A run in \
            progress is checked up to its last step. If something is wrong, names the step or the \
            file and ends with status 2.
            """)

    @Argument(help: "The folder of a run.")
    var run: String

    @Option(
        help: ArgumentHelp(
            "Replay from the newest checkpoint at or before this step. (default: from the initial "
                + "weights)", valueName: "step"))
    var from: Int?

    @Option(
        help: ArgumentHelp(
            "The folder with the data set's four IDX files. (default: where the run read them)",
            valueName: "dir"))
    var data: String?

    @OptionGroup
    var output: OutputOptions

    func validate() throws {
        if let from, from < 0 { throw ValidationError("--from must be a step number, 0 or more") }
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            try ResourceNeed.ofVerification.secure()
            let signals = try SignalSource()
            let report = try await command.verify(signals)
            try command.output.show(report, hearing: signals) {
                (report.findings.map { plainText($0.message) } + [report.sentence])
                    .joined(separator: "\n")
            }
            guard report.isVerified else { throw Failure(status: ExitStatus.differs, message: "") }
        }
    }

    private func verify(_ signals: SignalSource) async throws -> VerificationReport {
        var configuration = try RunVerification.configuration(of: run)
        configuration.replaceData(by: data)
        let job = try await configuration.job(readFrom: run)
        if let digest = configuration.dataDigest, digest != job.dataDigest {
            throw VerificationError.otherData(path: RunDirectory.configuration(in: run))
        }
        let verification = RunVerification(run, configuration, job)
        let sink = LogSink()
        var bar: ProgressBar?
        let report = try await verification.verify(from: from) { step, last in
            switch signals.read() {
            case .stop(let signal), .stopAtOnce(let signal):
                sink.endProgress()
                try? sink.finish(patience: .seconds(1))
                throw Failure(status: ExitStatus.signal(signal), message: "")
            // It writes nothing.
            case .checkpoint, nil: break
            }
            var shown = bar ?? ProgressBar(steps: last)
            shown.show(step, on: sink)
            bar = shown
        }
        try sink.finish(hearing: signals)
        return report
    }
}
