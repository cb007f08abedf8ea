import Files
import Kernels
import Keys
import ModelFiles
import Protocol
import RunEvents
import Training

/// Carries out the decisions of a ``CoordinatorMachine``: one loop of effects for every kind of world.
///
/// From a partial sum's arrival to the departure of the next weights, everything runs on one thread: decode and
/// verify the message, decide, add the sum, update, send the weights.
package final class CoordinatorDriver<World: CoordinatorWorld> {
    package typealias Effect = CoordinatorEffect<World.Peer>

    let world: World
    let job: Job
    /// Distinguishes this session's messages from those of other sessions.
    package let run: RunID
    package internal(set) var machine: CoordinatorMachine<World.Peer>
    package internal(set) var state: TrainingState
    package internal(set) var reduction: World.Reduction

    // Effects run one after another; effects that arise meanwhile are queued.
    private var queue: [Effect] = []
    /// How many effects of the queue have begun.
    private var begun = 0
    private var isPerforming = false
    /// The frame that broadcasts the weights, made once a step.
    var broadcast: (frame: World.Frame, checksum: UInt64)?
    /// The number of messages with another protocol version.
    private var refusals = 0

    var clock: TrainingClock
    /// Measures where the time of the steps goes.
    var timing: StepClock<World.Peer>
    var lastEpoch: EpochReport?
    /// The number of flushes that the record has not completed.
    private var flushes = 0
    /// The number of checkpoints that are not written yet.
    ///
    /// The machine may wait for one that never begins, because the run is abandoned before.
    var saves = 0
    private var outcome: Outcome?

    /// The driver of a job's coordinator, which resumes from `checkpoint`, if any.
    package init(
        _ job: Job, _ settings: CoordinatorSettings, run: RunID, resuming checkpoint: Checkpoint?,
        in world: World
    ) {
        self.world = world
        self.job = job
        self.run = run
        state = TrainingState(job, resuming: checkpoint)
        machine = CoordinatorMachine(plan: job.plan, settings: settings, step: state.step)
        reduction = world.makeReduction(
            TreeReduction(job, parameterCount: state.parameters.count))
        clock = TrainingClock(seconds: checkpoint?.seconds ?? 0)
        timing = StepClock(now: .zero, tracing: settings.tracedSteps)
    }

    /// Begins the run, or resumes it from its checkpoint.
    package func start() {
        // The run may already be over, for example if all local workers died at their start.
        if !machine.isOver { handle { $0.start(now: $1) } }
    }

    // MARK: - Events

    /// Passes an event to the machine and carries out its decision.
    package func handle(
        _ event: (inout CoordinatorMachine<World.Peer>, Duration) -> [Effect]
    ) {
        perform(event(&machine, world.now))
    }

    /// Handles a message.
    ///
    /// - Parameters:
    ///   - caller: the credential that the peer has proved to hold, if one is required.
    ///   - address: looks up the peer's network address, if the transport knows it.
    package func receive(
        _ frames: [World.Frame], from peer: World.Peer, caller: AllowedWorker? = nil,
        address: () -> String? = { nil }
    ) {
        do throws(ProtocolError) {
            try read(frames, from: peer, caller, address)
        } catch .otherVersion(let version) {
            refuse(frames, from: peer, .otherVersion(version), address())
        } catch {
            drop(frames, from: peer, "\(error)", address())
        }
    }

    private func read(
        _ frames: [World.Frame], from peer: World.Peer, _ caller: AllowedWorker?,
        _ address: () -> String?
    ) throws(ProtocolError) {
        let arrival = world.now
        timing.received(frames.reduce(0) { $0 + $1.byteCount }, from: peer)
        let header = frames[0]
        guard header.byteCount <= maximumHeaderSize else {
            throw .malformed("its header is too long")
        }
        let (message, run) = try WorkerMessage.decode(
            header.bytes, payloadFrames: frames.count - 1)
        switch message {
        case .hello: break
        case _ where run != self.run: throw .otherRun(run)
        default: break
        }
        guard machine.isWorthReading(message, bytes: header.byteCount, from: peer) else {
            if machine.isExpelled(peer) { return }
            return drop(frames, from: peer, "a partial sum, which was not requested", address())
        }
        guard case .partialSum(let sum) = message else {
            let effects = machine.receive(
                message, from: peer, caller: caller, address: address, now: arrival)
            note(message, from: peer, at: arrival)
            return perform(effects)
        }
        timing.enter(.reduce, at: arrival)
        let verified = try VerifiedSum(
            sum, frames.dropFirst().first, parameterCount: state.parameters.count,
            kernels: job.kernels)
        let decision = machine.receive(
            verified.header, isFinite: verified.isFinite, digest: { verified.digest }, from: peer,
            caller: caller, now: arrival)
        note(message, from: peer, at: arrival)
        switch decision {
        case .add(let effects):
            reduction.add(verified)
            perform(effects)
        case .ignore(let effects): perform(effects)
        }
    }

    private func drop(
        _ frames: [World.Frame], from peer: World.Peer, _ reason: String, _ address: String?
    ) {
        let payload = frames.dropFirst().reduce(0) { $0 + $1.byteCount }
        let cost = Accounts.cost(headerBytes: frames[0].byteCount, payloadBytes: payload)
        perform([machine.drop(peer, reason, address: address, cost: cost)])
    }

    private func refuse(
        _ frames: [World.Frame], from peer: World.Peer, _ error: ProtocolError, _ address: String?
    ) {
        if machine.isMember(peer) { return drop(frames, from: peer, "\(error)", address) }
        refusals += 1
        if isWorthLogging(refusals) {
            let name = address.map { "a stranger at \($0)" } ?? "a stranger"
            report(.refused(peer: name, reason: "\(error)"))
        }
        send(
            .refuse(Notice(reason: "this worker cannot be understood: \(error)")), to: peer)
    }

    // MARK: - Effects

    func perform(_ effects: [Effect]) {
        queue += effects
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        while begun < queue.count {
            begun += 1
            perform(queue[begun - 1])
        }
        clearQueue()
        reportTraces()
        timing.rest(at: world.now)
    }

    private func clearQueue() {
        queue.removeAll(keepingCapacity: true)
        begun = 0
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let message, let peer): send(message, to: peer)
        case .sendShardPart(let part, let peer): sendShardPart(part, to: peer)
        case .cutOff(let peer): world.silence(peer)
        case .sendWeights(let ranges, let peer): sendWeights(ranges, to: peer)
        case .beginStep(let step): begin(step)
        case .arbitrate(let slots, let step): world.arbitrate(slots, step: step, state.snapshot)
        case .rewind(let limit): rewind(noLaterThan: limit)
        case .update: updateOrWait()
        case .hold: timing.suspend()
        case .checkpoint: checkpoint()
        case .evaluate: evaluate()
        case .report(let event): report(event)
        case .finish(let outcome): finish(outcome)
        }
    }

    package func report(_ event: RunEvent) {
        timing.enter(.record, at: world.now)
        do throws(FileError) {
            try world.record(event)
        } catch {
            abandon(.failed(error))
        }
    }

    /// Ends the run at once because it cannot continue; queued effects are dropped.
    func abandon(_ outcome: Outcome) {
        clearQueue()
        perform(machine.fail(outcome, now: world.now))
    }

    // MARK: - The record

    /// Makes the update if the record has room; a hanging disk must not fill the memory.
    private func updateOrWait() {
        guard !world.recordHasRoom else { return update() }
        machine.recordIsFull()
        timing.suspend()
        flushRecord()
    }

    private func flushRecord() {
        flushes += 1
        world.flushRecord()
    }

    /// Handles a completed flush of the record, with the error that prevented it, if any.
    package func recordIsFlushed(_ error: FileError?) {
        flushes -= 1
        guard flushes == 0 else { return }
        // An earlier reason for the end takes precedence.
        if let error, outcome == .completed { outcome = .failed(error) }
        handle { machine, _ in machine.recordHasRoom() }
        finishIfDone()
    }

    // MARK: - The end

    private func finish(_ outcome: Outcome) {
        clock.pause(at: world.now)
        timing.suspend()
        timing.rest(at: world.now)
        reportTraces()
        reportTiming()
        self.outcome = outcome
        // Steps after the last checkpoint may still be in memory only.
        flushRecord()
    }

    func finishIfDone() {
        guard let outcome, flushes == 0, saves == 0 else { return }
        world.finish(
            CoordinatorResult(
                outcome: outcome, parameters: state.snapshot, step: state.step,
                lastEpoch: lastEpoch, seconds: clock.seconds(at: world.now),
                workers: machine.mostWorkers))
    }
}

/// The result of a run.
public struct CoordinatorResult: Sendable {
    /// How it ended.
    public var outcome: Outcome
    /// The parameters at the end.
    public var parameters: Snapshot
    /// The number of steps, over all sessions of the run.
    public var step: Int
    /// The last epoch that was tested in this session.
    public var lastEpoch: EpochReport?
    /// The seconds of training, over all sessions of the run.
    public var seconds: Double
    /// The most workers at any one time in this session.
    public var workers: Int
}
