/// What a run is doing, as its files tell.
public enum RunState: String, Sendable, Codable, CaseIterable {
    /// It waits for workers to begin.
    case waiting
    /// It makes steps.
    case training
    /// It has too few workers to go on.
    case paused
    /// It goes back, since a worker has computed wrongly.
    case rewinding
    /// It was asked to stop, and finishes its step.
    case stopping
    /// It has made all of its steps.
    case completed
    /// It was asked to stop, and can go on.
    case interrupted
    /// Its loss is not finite any more.
    case diverged
    /// It has given up.
    case failed
    /// Its coordinator is gone and has not said why: it was killed, or its machine has stopped.
    case dead
    /// It has not begun, or was written by a version that keeps no events.
    case unknown

    /// Whether no step will be made unless somebody resumes the run.
    public var isOver: Bool {
        switch self {
        case .completed, .interrupted, .diverged, .failed, .dead: true
        case .waiting, .training, .paused, .rewinding, .stopping, .unknown: false
        }
    }
}
