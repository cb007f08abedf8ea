import Hashing
import KernelInterface
import Reduction
import RunEvents
import RunFolder
import TernKit

/// Repeats the steps of a run, and compares them with its record, checkpoints and result.
struct Replay {
    /// The number of steps made before the replay.
    let start: Int
    /// The first step whose weights differ, or that fails.
    private(set) var finding: Finding?
    /// The verdicts on the checkpoints reached, by file.
    private(set) var verdicts: [String: Verdict] = [:]
    /// The check of the run's result, as far as the replay has come.
    private(set) var summary: SummaryCheck?
    private var run: LocalRun
    private let record: RunRecord
    private let saved: [SavedState]

    /// The number of steps made.
    var step: Int { run.state.step }
    /// Whether the weights are finite.
    var isFinite: Bool { run.state.isFinite }
    /// The current weights.
    var parameters: FloatBuffer { run.state.parameters }

    init(_ run: LocalRun, of record: RunRecord, saved: [SavedState], summary: SummaryCheck?) {
        start = run.state.step
        self.run = run
        self.record = record
        self.saved = saved
        self.summary = summary
    }

    /// Repeats the recorded steps, up to the first whose weights differ.
    mutating func make(_ watch: RunVerification.Watch) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        var lines = try RecordLines(record.path)
        for _ in 0..<min(start, record.steps) { _ = try lines.next() }
        judgeCheckpoints(isDisputed: false)
        await judgeSummary()
        while step < record.steps {
            let recorded = try lines.nextStep()
            let learningRate = run.state.learningRate
            guard let tally = try await makeStep() else { return }
            let seconds = (clock.now - begin) / .seconds(1)
            let weights = record.format.sum(of: parameters)
            judgeCheckpoints(isDisputed: weights != recorded.weights)
            guard weights == recorded.weights else {
                // Another step shows whether the run was wrong or only its record.
                let next = step < record.steps ? try lines.nextStep() : nil
                return try await blame(recorded, replayed: weights, next: next)
            }
            await judgeSummary()
            let report = run.state.report(
                tally, learningRate: learningRate, seconds: seconds,
                weights: StepWeights(copying: parameters))
            try watch(report, record.steps)
        }
        try await judgeDivergence()
    }

    /// Makes a step; nil, with a finding, if a number is not finite.
    private mutating func makeStep() async throws -> Tally? {
        do {
            return try await run.step()
        } catch TrainerError.diverged(let step) {
            finding = Finding(
                record.path, step: step,
                "step \(step) cannot have been made: its loss or a gradient is not finite")
            return nil
        }
    }

    private mutating func judgeCheckpoints(isDisputed: Bool) {
        for state in saved where state.step == step {
            let finding = state.difference(from: run.state)
            // If the record disagrees with the replay too, the replay alone cannot judge the
            // checkpoint.
            guard finding == nil || !isDisputed else { continue }
            verdicts[state.path] = finding.map(Verdict.wrong) ?? .good
        }
    }

    private mutating func judgeSummary() async {
        guard var check = summary else { return }
        if check.tellsTest(afterStep: step) {
            check.take(test: await run.evaluate(), train: run.state.epochTally, step: step)
        }
        check.take(parameters, step: step)
        summary = check
    }

    /// Checks whether a run that reports divergence really could not make another step.
    private mutating func judgeDivergence() async throws {
        guard summary?.saysDivergence(afterStep: step) == true else { return }
        var hasDiverged = !isFinite
        if !hasDiverged { hasDiverged = await !run.evaluate().loss.isFinite }
        if !hasDiverged {
            do {
                _ = try await run.step()
            } catch TrainerError.diverged {
                hasDiverged = true
            }
        }
        summary?.take(hasDiverged: hasDiverged)
    }

    private mutating func blame(
        _ recorded: StepRecord, replayed: [UInt8], next: StepRecord?
    ) async throws {
        let step = recorded.step
        var message =
            "the weights of step \(step) are \(hexadecimal(recorded.weights)), but must be "
            + hexadecimal(replayed)
        if let next, try await makeStep() != nil,
            record.format.sum(of: parameters) == next.weights
        {
            message += "; those of step \(next.step) are right, so this line was changed"
        } else if start > 0 {
            message += ", if the checkpoint of step \(start) is right: without --from it is certain"
        }
        finding = Finding(record.path, step: step, message)
    }
}

/// The result of comparing a checkpoint.
enum Verdict {
    /// The checkpoint is right.
    case good
    /// The checkpoint is wrong.
    case wrong(Finding)

    var isGood: Bool {
        if case .good = self { true } else { false }
    }
}
