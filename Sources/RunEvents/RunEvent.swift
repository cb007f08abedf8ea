/// Something that happened in a run and that a person or a program may want to know.
public enum RunEvent: Sendable, Equatable {
    /// A worker has joined.
    case joined(WorkerDescription, members: Int)
    /// A worker holds these shards from now on.
    case assigned(worker: String, shards: [Int])
    /// A worker is gone, or was dropped; with what it owed to the step under way, if there is one.
    case left(worker: String, reason: String, members: Int, owed: OwedWork?)
    /// A worker is late with sums; with what it was last known to do, and how often it was late.
    case late(worker: String, state: String, OwedWork, times: Int)
    /// A worker is too slow for any share: it takes so many seconds for one, and others usually so many.
    case standingBy(worker: String, seconds: Double, usual: Double)
    /// A worker that was too slow for any share is fast again, and gets one.
    case backFromStandby(worker: String)
    /// A worker was not taken in.
    case refused(peer: String, reason: String)
    /// The list of those who may join has changed; with how many are on it, and the names that are gone.
    case allowListChanged(workers: Int, removed: [String])
    /// The list of those who may join has changed and cannot be used.
    case allowListUnusable(String)
    /// A message was dropped; with how many of this member, or of all others, have been so far.
    case dropped(peer: String, reason: String, total: Int)
    /// Messages of peers that are no members were dropped unread, since there were too many.
    case flooded(messages: Int)
    /// A worker has computed the sums of shards wrongly; with how often it has by now.
    case wrong(worker: String, step: Int, shards: [Int], times: Int)
    /// Sums were used, from step `step` on, on which a worker that has computed wrongly and one other alone
    /// agree: they are wrong if both lie.
    case confirmedByWorkers(worker: String, step: Int)
    /// The run goes back, since sums from step `step` on cannot be trusted.
    case rewinding(step: Int)
    /// The run is where it was after `step` steps.
    case rewound(step: Int)
    /// Too few workers are left to go on after step `step`.
    case paused(members: Int, needed: Int, step: Int)
    /// Too few workers are here; with the seconds waited so far.
    case waiting(members: Int, needed: Int, seconds: Int)
    /// The first step begins without workers that did not get ready, for so long after enough had.
    case beginningWithout(workers: [String], seconds: Double)
    /// Steps are being made.
    case training(workers: Int, fromStep: Int)
    /// A step has been made.
    case step(StepReport)
    /// Where the time of a logged step went, which is told of next.
    case timed(StepTiming)
    /// About a second has passed in which steps were made.
    case timing(TimingReport)
    /// A step has ended that was to be traced.
    case traced(StepTrace)
    /// An epoch has ended and its weights were tested.
    case epoch(EpochReport)
    /// A checkpoint has been written; whether a signal has asked for it.
    case checkpoint(path: String, step: Int, isRequested: Bool)
    /// A signal asks for a checkpoint; whether that of the last step is there already.
    case checkpointRequested(signal: String, step: Int, isKept: Bool)
    /// A signal asks the run to stop after this step.
    case stopping(signal: String)
}

/// Whether the `count`th of a kind of event that others can bring about at will is worth a line: the
/// first ten are, and then, lest a flood fill the disk, each power of two.
public func isWorthTelling(_ count: Int) -> Bool { count <= 10 || count & (count - 1) == 0 }
