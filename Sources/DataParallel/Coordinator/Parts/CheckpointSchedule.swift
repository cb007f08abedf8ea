/// Decides when the state is written, and when a step must wait for that.
///
/// One checkpoint is written at a time, and no step counts meanwhile: so memory holds one copy of the state at most,
/// and a crash repeats no more steps than `--checkpoint-every` promises, however slow the disk is.
package struct CheckpointSchedule: Sendable {
    /// The steps of the last checkpoint, taken in this session or resumed from.
    private var keptStep: Int?
    private var isWriting = false
    /// Whether one is due of a state that is not there yet.
    private var isPostponed = false
    /// Whether the record has no room for another step.
    private var isRecordFull = false
    /// Whether a signal asks for the next checkpoint that is written.
    private var isRequested = false

    /// The schedule of a run that goes on from a checkpoint of `step` steps, or begins with none.
    package init(step: Int) { keptStep = step > 0 ? step : nil }

    /// Whether a checkpoint is being written.
    package var isBusy: Bool { isWriting }

    /// Whether the next step may count.
    package var mayUpdate: Bool { !isWriting && !isRecordFull }

    /// Whether the checkpoint that has just been written is one that a signal asked for.
    package var isRequestFulfilled: Bool { isRequested && !isPostponed }

    /// Whether a checkpoint is due with the next step, whatever its number.
    package var isOverdue: Bool { isPostponed }

    /// Whether the state after `step` steps is on the disk.
    package func isKept(_ step: Int) -> Bool { step == keptStep && !isWriting }

    /// A checkpoint of the state after `step` steps is due.
    ///
    /// - Returns: whether it is written now. What is kept already is not written again: after an epoch's end, its
    ///   tally would be lost.
    package mutating func due(_ step: Int) -> Bool {
        guard !isWriting, step != keptStep else { return false }
        isPostponed = false
        isWriting = true
        keptStep = step
        return true
    }

    /// A signal asks for a checkpoint.
    package mutating func request() { isRequested = true }

    /// A checkpoint is due of a state that is not there yet.
    package mutating func postpone() { isPostponed = true }

    /// Nothing more is to be written.
    package mutating func cancel() { isPostponed = false }

    /// The checkpoint is written.
    package mutating func written() {
        isWriting = false
        if isRequestFulfilled { isRequested = false }
    }

    /// The checkpoint could not be written.
    package mutating func failed() { (isWriting, isPostponed) = (false, false) }

    /// The record has no room for another step, or has again.
    package mutating func note(recordIsFull: Bool) { isRecordFull = recordIsFull }

    /// The run has gone back to the state after `step` steps.
    package mutating func rewind(to step: Int) { keptStep = step > 0 ? step : nil }
}
