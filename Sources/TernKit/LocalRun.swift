import Kernels
import ModelFiles
import Reduction
import Training

/// A run on several lanes of this process, with the same bits as a distributed run.
///
/// It follows a distributed run's step without messages: the lanes compute the partial sums of
/// their slots, one tree adds them, and one update follows.
package struct LocalRun {
    /// The current state.
    package private(set) var state: TrainingState
    private var sums: ReductionTree
    private let lanes: [Lane]

    /// A run before its first step, or at a checkpoint.
    ///
    /// - Parameter lanes: the number of threads; nil for one per core.
    package init(_ job: Job, lanes count: Int?, resuming checkpoint: Checkpoint? = nil) {
        state = TrainingState(job, resuming: checkpoint)
        sums = ReductionTree(
            job.plan, parameterCount: state.parameters.count, kernels: job.kernels)
        let count = min(max(1, count ?? Processors.allowed.count), job.plan.shards)
        lanes = (0..<count).map { Lane($0, of: count, job) }
    }

    /// Makes one step.
    ///
    /// - Returns: the step's tally.
    /// - Throws: ``TrainerError`` if a gradient or the loss is no longer finite, `CancellationError`
    ///   if the task is cancelled.
    package mutating func step() async throws -> Tally {
        try Task.checkCancellation()
        let (step, parameters, lanes) = (state.step, state.snapshot, lanes)
        sums.begin(step: step)
        var spare = sums.pool.takeAll()
        let partials = await withTaskGroup(of: Handover<[PartialSum]>.self) { group in
            for lane in lanes {
                let share = Handover(Array(spare.suffix(spare.count / lanes.count + 1)))
                spare.removeLast(share.value.count)
                group.addTask { await lane.partialSums(parameters, step: step, spare: share) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for partial in partials.map(\.value).joined() { sums.add(partial) }
        guard let sum = sums.takeRoot(), state.update(sum) else {
            throw TrainerError.diverged(step: step + 1)
        }
        sums.pool.give(sum.gradients)
        return sum.tally
    }

    /// Evaluates the parameters on the test set.
    package func evaluate() async -> Tally {
        let (parameters, lanes) = (state.snapshot, lanes)
        return await Tally(parts: lanes.count) { await lanes[$0].losses(parameters) }
    }
}
