import Protocol

/// Something that happened to a worker.
public enum WorkerEvent: Sendable, Equatable {
    /// It was taken in.
    case joined(RunID)
    /// Its coordinator is gone.
    case lost
    /// Its coordinator has dropped it, for this reason.
    case expelled(String)
    /// It waits for a coordinator; with the seconds so far.
    case waiting(seconds: Int, Contact)
    /// A message was dropped.
    case dropped(String)
    /// Its coordinator sent more bytes than these before they could be read, and was hung up on.
    case flooded(bytes: Int)
}

/// How far a worker has come with a coordinator that has not answered it.
public enum Contact: Sendable, Equatable {
    /// Nobody is there.
    case none
    /// The name of its machine cannot be resolved, for this reason.
    case unresolved(String)
    /// Somebody hangs up in the middle of the handshake, as one does who has another key.
    case turnedAway
    /// Somebody listens.
    case connected
}
