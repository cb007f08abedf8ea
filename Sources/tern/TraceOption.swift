import ArgumentParser
import Training

/// The steps of `--trace`, counted from 1.
struct TraceOption: ExpressibleByArgument {
    let steps: ClosedRange<Int>

    /// More make a file that no viewer shows well.
    private static let most = 10_000

    init?(argument: String) {
        guard let range = IndexRange(argument: argument)?.range else { return nil }
        steps = range
    }

    /// Checks the steps against those of a run.
    func check(totalSteps: Int) throws(Failure) {
        guard steps.lowerBound >= 1, steps.upperBound <= totalSteps else {
            throw Failure(
                status: ExitStatus.usage,
                message: "--trace \(text): the run has steps 1 to \(totalSteps)")
        }
        guard steps.count <= Self.most else {
            throw Failure(
                status: ExitStatus.usage,
                message: "--trace \(text) names \(steps.count) steps: give at most \(Self.most)")
        }
    }

    private var text: String { "\(steps.lowerBound)-\(steps.upperBound)" }
}
