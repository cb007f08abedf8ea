import Protocol
import Reduction

/// Checks every committed step against the undisturbed training.
struct History {
    private let training: SmallTraining
    /// Whether wrong weights are only noted, instead of a failure.
    private let mayBeDeceived: Bool
    private let fail: (String) -> Void
    /// How often each position of the current step is covered.
    private var covered: [Int] = []
    private var step: Int?
    /// The committed steps; a coordinator that goes back to a checkpoint voids those after it.
    private(set) var committed = 0
    /// The number of repeated steps.
    private(set) var repeated = 0
    /// The first committed step that used wrong sums.
    private(set) var firstWrongStep: Int?

    init(
        _ training: SmallTraining, mayBeDeceived: Bool = false, fail: @escaping (String) -> Void
    ) {
        self.training = training
        self.mayBeDeceived = mayBeDeceived
        self.fail = fail
    }

    /// A coordinator starts a new run or resumes a checkpoint.
    mutating func resume(fromStep first: Int, weights: String) {
        guard first <= committed else {
            return fail("a run of \(committed) steps is resumed from step \(first)")
        }
        repeated += committed - first
        committed = first
        step = nil
        if let wrong = firstWrongStep, wrong >= first { firstWrongStep = nil }
        check(weights, "the weights resumed from step \(first)")
    }

    /// A step begins, or begins again.
    mutating func begin(step: Int) {
        guard step == committed else {
            return fail("step \(step) begins where \(committed) steps are made")
        }
        self.step = step
        let count = training.job.plan.positions(ofStep: step).count
        covered = Array(repeating: 0, count: count)
    }

    /// A partial sum is added to the current step.
    mutating func accumulate(_ sum: PartialSumHeader) {
        guard sum.step == step else {
            return fail("a sum of step \(sum.step) is added to another")
        }
        for index in places(of: sum) {
            covered[index] += 1
            if covered[index] > 1 {
                let position = training.job.plan.positions(ofStep: sum.step).lowerBound + index
                return fail("position \(position) of step \(sum.step) is added twice")
            }
        }
    }

    /// The positions of its step that a partial sum covers.
    private func places(of sum: PartialSumHeader) -> [Int] {
        let positions = training.job.plan.positions(ofStep: sum.step)
        return positions.filter { $0 & ((1 << sum.level) - 1) == sum.residue }
            .map { $0 - positions.lowerBound }
    }

    /// The current step is committed.
    mutating func commit(step: Int, weights: String) {
        guard step == self.step, covered.allSatisfy({ $0 == 1 }) else {
            return fail("step \(step) is made without all its positions")
        }
        committed = step + 1
        self.step = nil
        check(weights, "the weights after step \(step)")
    }

    /// The weights at an epoch's end are tested.
    func endEpoch(step: Int, tally: Tally) {
        let epoch = step / training.job.plan.stepsPerEpoch
        if !mayBeDeceived, tally != training.epochTallies[epoch - 1] {
            fail("epoch \(epoch) adds up to \(tally), not \(training.epochTallies[epoch - 1])")
        }
    }

    /// The run reports that it is complete.
    mutating func complete(weights: String) {
        if committed != training.steps {
            return fail("the run is complete after \(committed) steps of \(training.steps)")
        }
        check(weights, "the final weights")
    }

    private mutating func check(_ weights: String, _ what: String) {
        let wanted = training.weights[committed]
        guard weights != wanted else { return }
        if mayBeDeceived {
            firstWrongStep = firstWrongStep ?? max(committed - 1, 0)
        } else {
            fail("\(what) are \(weights.prefix(12))…, not \(wanted.prefix(12))…")
        }
    }
}
