/// A fault that happens during a run.
package enum Fault: Sendable, Hashable {
    /// A worker is killed; its operating system closes its connections.
    case killWorker
    /// A worker's machine vanishes without closing its connections.
    case loseHost
    /// A worker is suspended for a while.
    case stopWorker(Duration)
    /// Computations on a host never end any more.
    case hangComputation
    /// Computations on a host take a multiple of their time, for a while.
    case slowWorker(Int, Duration)
    /// A worker is started on a machine without one.
    case startWorker
    /// A worker gets a signal to leave.
    case interruptWorker
    /// A host's network is cut for a while.
    case cut(Duration)
    /// A worker's connection is dropped.
    case reset
    /// A worker sends every message twice, even those of an earlier connection, for a while.
    case repeatMessages(Duration)
    /// A worker's messages are damaged in transit, or too long, for a while.
    case damageMessages(Duration)
    /// The coordinator is killed.
    case killCoordinator
    /// The coordinator is suspended for a while.
    case stopCoordinator(Duration)
    /// The coordinator gets a signal to end after this step.
    case interruptCoordinator
    /// Writes take a multiple of their time, for a while.
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
