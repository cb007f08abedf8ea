import Keys
import Protocol
import Reduction

/// All decisions of a coordinator: an event in, a list of effects out; no clock, socket or file.
///
/// Only the machine builds effects, one method per event. Its parts decide one subject each: the ``Roster`` who
/// takes part, the ``StepLedger`` which slots are missing, ``Audits`` what is computed twice, the
/// ``CheckpointSchedule`` when the state is written, the ``WaitClock`` how long to wait.
///
/// An uncovered slot that no member owes is assigned at once; a late one is also assigned to an idle member. A
/// partial sum is accepted if its sender was asked for it, it counts the expected examples, and it covers only
/// uncovered slots. Whichever copy arrives first, the bits are the same.
///
/// `Peer` is the transport's identifier of a peer. `now` never decreases.
public struct CoordinatorMachine<Peer: Hashable & Sendable>: Sendable {
    let plan: BatchPlan
    var settings: CoordinatorSettings
    var phase = Phase.gathering
    /// Whether this session has begun a step.
    var hasBegun = false
    /// The signal that requests a stop.
    var interruption: Int32?

    var roster: Roster<Peer>
    var startClock = StartClock()
    var shares = ShareSchedule()
    var advice = ShardAdvice()
    var ledger: StepLedger
    /// How long recent answers took.
    var answerTimes = AnswerTimes()
    var audits: Audits<Peer>
    var checkpoints: CheckpointSchedule
    var waiting = WaitClock()

    enum Phase: Sendable, Equatable {
        /// Waiting for enough workers to begin.
        case gathering
        /// Waiting for the workers to fetch their data.
        case distributing
        /// Computing a step.
        case stepping
        /// Between two steps, with too few workers to continue.
        case paused
        /// Going back to a state from before a wrong sum was used.
        case rewinding
        /// Between two epochs, while the weights are tested.
        case evaluating
        /// Waiting for the workers to leave, after they were told to stop.
        case ending(Outcome, since: Duration)
        /// The run is over, except for pending writes to disk.
        case finished
    }

    /// The machine of a run after `step` steps.
    public init(plan: BatchPlan, settings: CoordinatorSettings, step: Int) {
        self.plan = plan
        self.settings = settings
        roster = Roster(shards: plan.shards)
        ledger = StepLedger(shards: plan.shards, step: step)
        audits = Audits(
            share: settings.audit, recheck: settings.recheck, key: settings.auditKey)
        checkpoints = CheckpointSchedule(step: step)
    }

    /// The number of completed steps, which is also the number of the current step.
    var step: Int { ledger.step }

    /// The number of rewinds, modulo 256.
    package var attempt: UInt8 { ledger.attempt }

    /// Whether training is over, and only the connections remain to be closed.
    var isOver: Bool {
        switch phase {
        case .ending, .finished: true
        default: false
        }
    }

    /// The number of steps of the whole run.
    var totalSteps: Int { settings.epochs * plan.stepsPerEpoch }

    /// Whether a signal has requested a stop.
    var isInterrupted: Bool { interruption != nil }

    /// Whether a peer was expelled and has not rejoined.
    package func isExpelled(_ peer: Peer) -> Bool { roster.expelled.contains(peer) }

    /// Whether a peer has joined.
    package func isMember(_ peer: Peer) -> Bool { roster.index(of: peer) != nil }

    /// All members, in the order in which they joined.
    var members: [Member<Peer>] { roster.all }

    /// The most members at any one time.
    var mostWorkers: Int { roster.most }

    /// The name of a member.
    func name(of peer: Peer) -> String? { roster.index(of: peer).map { roster[$0].name } }

    /// Whether a peer is a member that owes sums.
    func owes(_ peer: Peer) -> Bool {
        guard let index = roster.index(of: peer) else { return false }
        return !roster[index].requests.owed.isEmpty
    }

    /// Whether fewer members than the minimum have their data.
    var isBelowMinimum: Bool { roster.readyCount < settings.minimumWorkers }
}
