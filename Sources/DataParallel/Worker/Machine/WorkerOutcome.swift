/// How a worker ends.
public enum WorkerOutcome: Sendable, Equatable {
    /// The coordinator told it to stop, for this reason.
    case dismissed(String)
    /// It was refused, or refused the run itself, for this reason.
    case refused(String)
    /// No coordinator answered in time.
    case noCoordinator(Contact)
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The process that started it has ended.
    case orphaned
}
