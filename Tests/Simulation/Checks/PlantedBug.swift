import KernelInterface
import ModelFiles

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
    /// The next step counts although a checkpoint is still being written.
    case holdIgnored
    /// A number that is not finite is added.
    case notFiniteAdded
    /// What is added is not what was verified.
    case doorSkipped

    /// What a run with the bug goes on from.
    func tamper(with checkpoint: Checkpoint?) -> Checkpoint? {
        guard self == .lostMoments, var checkpoint else { return checkpoint }
        checkpoint.optimizerState = checkpoint.optimizerState.mapValues {
            Snapshot(Array(repeating: 0, count: $0.count))
        }
        return checkpoint
    }
}
