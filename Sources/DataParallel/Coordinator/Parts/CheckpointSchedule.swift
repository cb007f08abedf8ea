/// Decides when the state is written: one checkpoint at a time, and none of a state that is kept already.
///
/// So memory holds one copy of the state at most, however slow the disk is.
package struct CheckpointSchedule: Sendable {
    /// What happens to a checkpoint that is due.
    package enum Decision: Equatable, Sendable {
        /// It is written now.
        case write
        /// It is written once the one before it is.
        case later
        /// The state is kept already.
        case kept
    }

    /// The steps of the last checkpoint, taken in this session or resumed from.
    private var keptStep: Int?
    private var isWriting = false
    /// Whether another checkpoint is to be taken once this one is written.
    private var isDue = false
    /// Whether a signal asks for the next checkpoint that is written.
    private var isRequested = false

    /// The schedule of a run that goes on from a checkpoint of `step` steps, or begins with none.
    package init(step: Int) { keptStep = step > 0 ? step : nil }

    /// Whether a checkpoint waits for the one that is being written.
    package var isWaiting: Bool { isDue }

    /// Whether the next step may count: one that is made while the last checkpoint may still be lost would be
    /// repeated beyond what `--checkpoint-every` promises.
    package var mayUpdate: Bool { !isWriting }

    /// Whether the checkpoint that has just been written is one that a signal asked for.
    package var isRequestFulfilled: Bool { isRequested && !isDue }

    /// Whether the state after `step` steps is on the disk.
    package func isKept(_ step: Int) -> Bool { step == keptStep && !isWriting }

    /// A checkpoint of the state after `step` steps is due.
    package mutating func due(_ step: Int) -> Decision {
        // After an epoch's end, the state that is kept has a tally that would be lost.
        isDue = isWriting && step != keptStep
        if isDue { return .later }
        guard step != keptStep else { return .kept }
        isWriting = true
        keptStep = step
        return .write
    }

    /// A signal asks for a checkpoint.
    package mutating func request() { isRequested = true }

    /// A checkpoint is due of a state that is not there yet.
    package mutating func postpone() { isDue = true }

    /// Nothing more is to be written.
    package mutating func cancel() { isDue = false }

    /// The checkpoint is written.
    ///
    /// - Returns: whether another one is due.
    package mutating func written() -> Bool {
        isWriting = false
        if isRequestFulfilled { isRequested = false }
        return isDue
    }

    /// The run has gone back to the state after `step` steps.
    package mutating func rewind(to step: Int) { keptStep = step > 0 ? step : nil }
}
