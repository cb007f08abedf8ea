/// Something that befalls the run.
package enum Fault: Sendable, Hashable {
    /// A worker is killed; its system closes its connections.
    case killWorker
    /// A worker's machine is gone without a word.
    case loseHost
    /// A worker is stopped for a while.
    case stopWorker(Duration)
    /// Computations on a host no longer end.
    case hangComputation
    /// Computations on a host take so many times longer, for a while.
    case slowWorker(Int, Duration)
    /// A worker is started on a machine that has none.
    case startWorker
    /// A worker is asked to leave.
    case interruptWorker
    /// A host's network is cut for a while.
    case cut(Duration)
    /// A worker's connection is dropped.
    case reset
    /// A worker says everything twice, also what it said over an earlier connection, for a while.
    case repeatMessages(Duration)
    /// What a worker says is damaged on its way, or too long, for a while.
    case damageMessages(Duration)
    /// The coordinator is killed.
    case killCoordinator
    /// The coordinator is stopped for a while.
    case stopCoordinator(Duration)
    /// The coordinator is asked to end after this step.
    case interruptCoordinator
    /// Writing takes so many times longer, for a while.
    case slowDisk(Int, Duration)
    /// The disk is full for a while.
    case fillDisk(Duration)
    /// A bit of the newest checkpoint flips.
    case damageCheckpoint(bit: Int)

    /// The fault without its numbers.
    package var kind: String {
        let text = "\(self)"
        return String(text.prefix { $0 != "(" })
    }
}
