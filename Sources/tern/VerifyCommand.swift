import ArgumentParser
import Bounds
import Keys
import Monitoring
import Verification
import ZeroMQ

/// Checks a run against its record, its data and its configuration.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a run used each example once per epoch and has the right weights.",
        discussion: """
            Repeats the run's steps in this process and compares the weights after each with the run's \
            record, steps.csv, and the checkpoints, the model and summary.json with what was repeated. \
            Only reads files. A run in progress is checked up to its last step. If something is wrong, \
            names the step or the file and ends with status 2. Prints a digest of a complete run, by \
            which two people can tell that they have the same.
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

    @Option(
        help: ArgumentHelp(
            "Also check that the run was signed with the private half of this key. (default: none)",
            valueName: "file"))
    var signedBy: String?

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
                (report.findings.map { plainText($0.message) } + [report.sentence] + report.notes
                    + report.identity)
                    .joined(separator: "\n")
            }
            guard report.isVerified else { throw Failure(status: ExitStatus.differs, message: "") }
        }
    }

    private func verify(_ signals: SignalSource) async throws -> VerificationReport {
        let signer = try signedBy.map { (key: try SigningKeyFile.readPublic($0), path: $0) }
        var configuration = try RunVerification.configuration(of: run)
        configuration.replaceData(by: data)
        let job = try await configuration.job(readFrom: run)
        if let digest = configuration.dataDigest, digest != job.dataDigest {
            throw VerificationError.otherData(path: RunDirectory.configuration(in: run))
        }
        let verification = RunVerification(run, configuration, job)
        let sink = LogSink()
        var bar: ProgressBar?
        let report = try await verification.verify(from: from, signer: signer) { step, last in
            switch signals.read() {
            case .stop(let signal), .stopAtOnce(let signal):
                sink.endProgress()
                try? sink.finish(patience: .seconds(1))
                throw Failure(status: ExitStatus.signal(signal), message: "")
            // A verification writes nothing.
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
