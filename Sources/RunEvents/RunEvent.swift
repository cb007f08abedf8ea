/// Something in a run that a person or a program may want to know.
public enum RunEvent: Sendable, Equatable {
    /// A worker has joined.
    case joined(WorkerDescription, members: Int)
    /// A worker has these shards from now on.
    case assigned(worker: String, shards: [Int])
    /// Workers have more lanes than there are shards, so some stand idle; `recommended` shards keep all busy.
    case lanesIdle(lanes: Int, shards: Int, recommended: Int)
    /// A worker left or was dropped; carries its unfinished work in the current step, if any.
    case left(worker: String, reason: String, members: Int, owed: OwedWork?)
    /// A worker is late with sums; carries its last known state and how often it was late.
    case late(worker: String, state: String, OwedWork, times: Int)
    /// A worker is too slow for any share: it takes `seconds` for one, where others usually take `usual`.
    case standingBy(worker: String, seconds: Double, usual: Double)
    /// A standby worker is fast again and gets a share.
    case backFromStandby(worker: String)
    /// A worker was rejected.
    case refused(peer: String, reason: String)
    /// The allow-list has changed; carries its size and the names that were removed.
    case allowListChanged(workers: Int, removed: [String])
    /// The allow-list has changed and cannot be used.
    case allowListUnusable(String)
    /// A message was dropped; counts those of this member so far, or of all peers that are not members.
    case dropped(peer: String, reason: String, total: Int)
    /// Too many messages came from peers that are not members; they were dropped unread.
    case flooded(messages: Int)
    /// A worker has computed the sums of shards wrongly; counts how often so far.
    case wrong(worker: String, step: Int, shards: [Int], times: Int)
    /// From `step` on, the run used sums that only a worker with wrong sums before and one other worker confirm.
    ///
    /// The sums are wrong if both lie.
    case confirmedByWorkers(worker: String, step: Int)
    /// The run goes back, because sums from step `step` on cannot be trusted.
    case rewinding(step: Int)
    /// The run is back at its state after `step` steps.
    case rewound(step: Int)
    /// Too few workers are left to continue after step `step`.
    case paused(members: Int, needed: Int, step: Int)
    /// Too few workers are present; carries the seconds waited so far.
    case waiting(members: Int, needed: Int, seconds: Int)
    /// The first step begins without workers that were not ready `seconds` after enough others were.
    case beginningWithout(workers: [String], seconds: Double)
    /// The run makes steps.
    case training(workers: Int, fromStep: Int)
    /// A step has been made.
    case step(StepReport)
    /// Where the time of a logged step went; precedes the step's own event.
    case timed(StepTiming)
    /// About a second of steps has passed.
    case timing(TimingReport)
    /// A step that was to be traced has ended.
    case traced(StepTrace)
    /// An epoch has ended and its weights were tested.
    case epoch(EpochReport)
    /// A checkpoint was written; also whether a signal requested it.
    case checkpoint(path: String, step: Int, isRequested: Bool)
    /// A signal requests a checkpoint; `isKept` if the last step's checkpoint exists already.
    case checkpointRequested(signal: String, step: Int, isKept: Bool)
    /// A signal asks the run to stop after this step.
    case stopping(signal: String)
}

/// Whether to log the `count`th event of a kind that others can cause at will: the first ten, then each
/// power of two, so that a flood cannot fill the disk.
public func isWorthLogging(_ count: Int) -> Bool { count <= 10 || count & (count - 1) == 0 }
