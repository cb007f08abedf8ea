import ArgumentParser

/// The steps of `--trace`, counted from 1.
struct TraceOption: ExpressibleByArgument {
    let steps: ClosedRange<Int>

    /// Viewers cannot show larger files well.
    private static let most = 10_000

    init?(argument: String) {
        guard let range = IndexRange(argument: argument)?.range else { return nil }
        steps = range
    }

    /// Checks that the run has the steps.
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
