/// The state of a run, according to its files.
public enum RunState: String, Sendable, Codable, CaseIterable {
    /// It waits for workers before it begins.
    case waiting
    /// It makes steps.
    case training
    /// It has too few workers to go on.
    case paused
    /// It rewinds because a worker's sum was wrong.
    case rewinding
    /// It was asked to stop, and finishes its step.
    case stopping
    /// It has made all of its steps.
    case completed
    /// It was stopped, and can be resumed.
    case interrupted
    /// Its loss is no longer finite.
    case diverged
    /// It ended with an error.
    case failed
    /// Its coordinator ended without a final event: it was killed, or its machine stopped.
    case dead
    /// It has not begun, or an older version without events wrote it.
    case unknown

    /// Whether no more steps will be made unless the run is resumed.
    public var isOver: Bool {
        switch self {
        case .completed, .interrupted, .diverged, .failed, .dead: true
        case .waiting, .training, .paused, .rewinding, .stopping, .unknown: false
        }
    }
}
