import KernelInterface
import ModelFiles

/// A bug that the simulator plants, outside the machines, to test whether its checks find it.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A partial sum is added although it is covered in part already.
    case overlappingSum
    /// A partial sum of an earlier step is added.
    case oldSum
    /// Sometimes an accepted sum is not added.
    case lostSum
    /// Sometimes a worker continues with the weights of the previous step.
    case staleWeights
    /// The optimizer's state is not restored from a checkpoint.
    case lostMoments
    /// The next step is committed although a checkpoint is still being written.
    case holdIgnored
    /// A number that is not finite is added.
    case notFiniteAdded
    /// The sum that is added is not the sum that was verified.
    case doorSkipped

    /// The checkpoint that a run with the bug resumes from.
    func tamper(with checkpoint: Checkpoint?) -> Checkpoint? {
        guard self == .lostMoments, var checkpoint else { return checkpoint }
        checkpoint.optimizerState = checkpoint.optimizerState.mapValues {
            Snapshot(Array(repeating: 0, count: $0.count))
        }
        return checkpoint
    }
}
