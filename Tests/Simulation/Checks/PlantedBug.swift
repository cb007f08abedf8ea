import DataParallel
import Protocol
import Training

/// A mistake that the simulator makes on purpose, outside the machines, to see whether it is found.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A partial sum is added though some of it is covered already.
    case overlappingSum
    /// A partial sum of an earlier step is added.
    case oldSum
    /// Now and then a sum that was accepted is not added.
    case lostSum
    /// Now and then a worker goes on with the weights of the step before.
    case staleWeights
    /// What the optimizer keeps between steps is not resumed.
    case lostMoments

    /// What the coordinator does after a message, where it has the bug.
    func tamper(
        with effects: [CoordinatorEffect<Int>], after message: WorkerMessage, _ history: History
    ) -> [CoordinatorEffect<Int>] {
        guard case .partialSum(let sum) = message, !effects.contains(.accumulate(sum)) else {
            return effects
        }
        let isMeant =
            switch self {
            case .overlappingSum: history.hasPart(of: sum)
            case .oldSum: sum.step < history.committed
            default: false
            }
        return isMeant ? [.accumulate(sum)] + effects : effects
    }

    /// What a run with the bug goes on from.
    func tamper(with checkpoint: Checkpoint?) -> Checkpoint? {
        guard self == .lostMoments, let checkpoint else { return checkpoint }
        for buffer in checkpoint.optimizerState.values { buffer.zero() }
        return checkpoint
    }
}
