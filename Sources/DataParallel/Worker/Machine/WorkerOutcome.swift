/// How a worker ends.
public enum WorkerOutcome: Sendable, Equatable {
    /// The coordinator sent it home, for this reason.
    case dismissed(String)
    /// The coordinator did not take it in.
    case refused(String)
    /// No coordinator answered in time.
    case noCoordinator(Contact)
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The process that started it is gone.
    case orphaned
}
