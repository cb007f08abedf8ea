import Protocol

/// Something that happened to a worker.
public enum WorkerEvent: Sendable, Equatable {
    /// It joined a run.
    case joined(RunID)
    /// It lost its coordinator.
    case lost
    /// Its coordinator expelled it, for this reason.
    case expelled(String)
    /// It waits for a coordinator; with the seconds so far.
    case waiting(seconds: Int, Contact)
    /// A message was dropped.
    case dropped(String)
    /// Its coordinator had more unread bytes than these, so the worker disconnected.
    case flooded(bytes: Int)
}

/// The contact with a coordinator that has not answered.
public enum Contact: Sendable, Equatable {
    /// No host or process answers.
    case none
    /// Its host name cannot be resolved, for this reason.
    case unresolved(String)
    /// The peer closes during the handshake, as one with another key does.
    case turnedAway
    /// The connection is established.
    case connected
}
