import Files
import Kernels
import Keys
import ModelFiles
import Protocol
import RunEvents
import Training

/// Carries out what a ``CoordinatorMachine`` decides: the one loop of effects, whatever the world is.
///
/// From a partial sum's arrival to the next weights' departure it changes no thread: a message is decoded and
/// verified, the machine decides, the sum is added, the update made, the weights sent.
package final class CoordinatorDriver<World: CoordinatorWorld> {
    package typealias Effect = CoordinatorEffect<World.Peer>

    let world: World
    let job: Job
    /// What tells this session's messages from those of others.
    package let run: RunID
    package internal(set) var machine: CoordinatorMachine<World.Peer>
    package internal(set) var state: TrainingState
    package internal(set) var reduction: World.Reduction

    // Effects are carried out one after another; those that come up meanwhile wait their turn.
    private var queue: [Effect] = []
    private var isPerforming = false
    /// The weights as they are broadcast, made once a step.
    var broadcast: (frame: World.Frame, checksum: UInt64)?
    /// The peers that could not be understood.
    private var refusals = 0

    var clock: TrainingClock
    /// Measures where the time of the steps goes.
    var timing: StepClock<World.Peer>
    var lastEpoch: EpochReport?
    /// How often the record is still to say that all so far is written down.
    private var flushes = 0
    private var outcome: Outcome?

    /// The driver of a job's coordinator, which goes on from `checkpoint` if there is one.
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

    /// The run begins, or goes on from its checkpoint.
    package func start() {
        // It may have ended before it began, such as when all local workers died at their start.
        if !machine.isOver { handle { $0.start(now: $1) } }
    }

    // MARK: - Events

    /// Something has happened: the machine decides, and that is carried out.
    package func handle(
        _ event: (inout CoordinatorMachine<World.Peer>, Duration) -> [Effect]
    ) {
        perform(event(&machine, world.now))
    }

    /// A message has come.
    ///
    /// - Parameters:
    ///   - caller: whose credential the peer has proved to hold, if it needs one.
    ///   - address: where the peer dials from, if the transport knows.
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
        if isWorthTelling(refusals) {
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
        while !queue.isEmpty { perform(queue.removeFirst()) }
        reportTraces()
        timing.rest(at: world.now)
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

    /// Ends the run at once because it cannot go on; what else was to be done is dropped.
    func abandon(_ outcome: Outcome) {
        queue.removeAll()
        perform(machine.fail(outcome, now: world.now))
    }

    // MARK: - The record

    /// Makes the update, once the record has room: a disk that hangs keeps it in memory.
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

    /// All that was reported when the record was last asked is written down, or could not be.
    package func recordIsFlushed(_ error: FileError?) {
        flushes -= 1
        guard flushes == 0 else { return }
        // Where something else ended the run, that is the news.
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
        // Steps that no checkpoint covers are in memory still.
        flushRecord()
    }

    func finishIfDone() {
        guard let outcome, flushes == 0, !machine.isWriting else { return }
        world.finish(
            CoordinatorResult(
                outcome: outcome, parameters: state.snapshot, step: state.step,
                lastEpoch: lastEpoch, seconds: clock.seconds(at: world.now),
                workers: machine.mostWorkers))
    }
}

/// What a run came to.
public struct CoordinatorResult: Sendable {
    /// How it ended.
    public var outcome: Outcome
    /// The parameters at the end.
    public var parameters: Snapshot
    /// The steps made, over all sessions of the run.
    public var step: Int
    /// The last epoch that was tested in this session.
    public var lastEpoch: EpochReport?
    /// The seconds of training, over all sessions of the run.
    public var seconds: Double
    /// The most workers that were here at once in this session.
    public var workers: Int
}
