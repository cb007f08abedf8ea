/// Decides when a checkpoint is written, and when a step must wait for it.
///
/// One checkpoint is written at a time, and no step counts meanwhile. So memory holds at most one copy of the
/// state, and a crash repeats no more steps than `--checkpoint-every` promises, however slow the disk is.
package struct CheckpointSchedule: Sendable {
    /// The step of the last checkpoint, written in this session or resumed from.
    private var keptStep: Int?
    private var isWriting = false
    /// Whether a checkpoint is due of a state that does not exist yet.
    private var isPostponed = false
    /// Whether the record has no room for another step.
    private var isRecordFull = false
    /// Whether a signal requested a checkpoint.
    private var isRequested = false

    /// Starts from a checkpoint after `step` steps, or without one if `step` is 0.
    package init(step: Int) { keptStep = step > 0 ? step : nil }

    /// Whether the next step may count.
    package var mayUpdate: Bool { !isWriting && !isRecordFull }

    /// Whether the checkpoint just written fulfils a signal's request.
    package var isRequestFulfilled: Bool { isRequested && !isPostponed }

    /// Whether the next step must write a checkpoint, whatever its number.
    package var isOverdue: Bool { isPostponed }

    /// Whether the state after `step` steps is on the disk.
    package func isKept(_ step: Int) -> Bool { step == keptStep && !isWriting }

    /// Begins a checkpoint of the state after `step` steps.
    ///
    /// - Returns: whether it is written now. A state already on disk is not written again, because after an
    ///   epoch's end its tally would be lost.
    package mutating func due(_ step: Int) -> Bool {
        guard !isWriting, step != keptStep else { return false }
        isPostponed = false
        isWriting = true
        keptStep = step
        return true
    }

    /// Records that a signal requested a checkpoint.
    package mutating func request() { isRequested = true }

    /// Postpones a checkpoint until the next state exists.
    package mutating func postpone() { isPostponed = true }

    /// Cancels a postponed checkpoint.
    package mutating func cancel() { isPostponed = false }

    /// Ends a checkpoint that succeeded.
    package mutating func written() {
        isWriting = false
        if isRequestFulfilled { isRequested = false }
    }

    /// Ends a checkpoint that failed.
    package mutating func failed() { (isWriting, isPostponed) = (false, false) }

    /// Records whether the record has room for another step.
    package mutating func note(recordIsFull: Bool) { isRecordFull = recordIsFull }

    /// Goes back to the state after `step` steps.
    package mutating func rewind(to step: Int) { keptStep = step > 0 ? step : nil }
}
