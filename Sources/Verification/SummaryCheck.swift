import Hashing
import KernelInterface
import Monitoring
import Reduction
import Training

/// Compares a run's reported result, its `summary.json`, with a replay.
///
/// A replay cannot check the duration and the number of workers.
struct SummaryCheck {
    private let path: String
    private let summary: RunSummary
    private let plan: BatchPlan
    /// The first fault.
    private(set) var finding: Finding?
    /// Whether the run diverged, confirmed by the replay.
    private(set) var hasDiverged = false
    /// The epochs whose test the result may have, without those found different.
    private var open: Set<Int>

    private static let states = ["completed", "interrupted", "diverged", "failed"]

    /// Starts the check of a result.
    ///
    /// - Parameters:
    ///   - start: the step after which the replay begins.
    ///   - hasModel: whether the run has a model, as only completed runs do.
    init(
        _ summary: RunSummary, _ path: String, of job: Job, _ record: RunRecord, from start: Int,
        hasModel: Bool
    ) {
        self.summary = summary
        self.path = path
        plan = job.plan
        let epoch = summary.steps / plan.stepsPerEpoch
        // If a run ended during the last epoch's test, its result has the test before.
        let isTested = summary.steps % plan.stepsPerEpoch != 0 || summary.status == "completed"
        open = Set(isTested ? [epoch] : [epoch - 1, epoch]).filter { $0 > 0 }
        let total = job.configuration.epochs * plan.stepsPerEpoch
        // For steps before the replay, only the record is known.
        let isKnown = summary.steps < start && record.format == .sha256
        let known = isKnown ? record.weights[summary.steps].map(hexadecimal) : nil
        let fault = faultInEnd(record, total: total, hasModel: hasModel) ?? fault(job, known)
        finding = fault.map { Finding(path, $0) }
        if finding != nil || summary.trainLoss == nil { open = [] }
    }

    /// The fault in the reported end of the run.
    private func faultInEnd(_ record: RunRecord, total: Int, hasModel: Bool) -> String? {
        let (steps, status) = (summary.steps, summary.status)
        guard Self.states.contains(status) else { return "its status is none that a run can have" }
        guard (0...record.steps).contains(steps) else {
            return "it says \(steps) steps, but the record has \(record.steps)"
        }
        guard status != "completed" || steps == total else {
            return "it says that the run was completed, but has \(steps) of \(total) steps"
        }
        guard status == "completed" || !hasModel else {
            return "it says that the run was not completed, but there is a model"
        }
        return nil
    }

    /// Other faults that need no replay to be found.
    private func fault(_ job: Job, _ known: String?) -> String? {
        let steps = summary.steps
        guard summary.dataset == job.dataset.name else {
            return "its data set is \(summary.dataset), but must be \(job.dataset.name)"
        }
        let epochs = steps / plan.stepsPerEpoch
        guard summary.epochs == epochs else {
            return "it says \(summary.epochs) epochs, but its steps are \(epochs)"
        }
        let examples = RunSummary.examples(in: steps, of: plan)
        guard summary.examples == examples else {
            return "it says \(summary.examples) examples, but its steps have \(examples)"
        }
        let rate = summary.wallSeconds > 0 ? Double(examples) / summary.wallSeconds : 0
        guard summary.workers >= 0, summary.wallSeconds >= 0, summary.examplesPerSecond == rate
        else { return "its workers, time and speed do not go together" }
        let numbers = [summary.trainLoss, summary.testLoss, summary.testAccuracy].compactMap(\.self)
        guard numbers.isEmpty ? summary.status != "completed" : numbers.count == 3 && !open.isEmpty
        else { return "it does not tell the loss and test of the last epoch" }
        return known ?? weights == weights ? nil : otherWeights
    }

    private var weights: String { summary.weightsSHA256 }
    private var otherWeights: String {
        "its weights_sha256 is not that of the weights after step \(summary.steps)"
    }

    /// Whether the result may have the test after this step.
    func tellsTest(afterStep step: Int) -> Bool {
        step % plan.stepsPerEpoch == 0 && open.contains(step / plan.stepsPerEpoch)
    }

    /// Compares the replayed test at an epoch's end.
    mutating func take(test: Tally, train: Tally, step: Int) {
        let isThis =
            summary.trainLoss == train.meanLoss && summary.testLoss == test.meanLoss
            && summary.testAccuracy == test.accuracy
        let epoch = step / plan.stepsPerEpoch
        if isThis { return open = [] }
        open.remove(epoch)
        // No later epoch is possible.
        guard finding == nil, epoch == summary.steps / plan.stepsPerEpoch else { return }
        finding = Finding(path, "its loss or test is not that of epoch \(epoch)")
    }

    /// Compares the replayed weights.
    mutating func take(_ parameters: some FloatStorage, step: Int) {
        guard finding == nil, step == summary.steps, parameters.sha256 != weights else { return }
        finding = Finding(path, otherWeights)
    }

    /// Whether the result reports divergence after this step.
    func saysDivergence(afterStep step: Int) -> Bool {
        finding == nil && summary.status == "diverged" && summary.steps == step
    }

    /// Notes whether the replay diverged too.
    mutating func take(hasDiverged: Bool) {
        self.hasDiverged = hasDiverged
        guard !hasDiverged else { return }
        finding = Finding(
            path, "it says that training diverged after step \(summary.steps), which it did not")
    }
}
