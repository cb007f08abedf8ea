import Keys
import Protocol
import Reduction

/// All decisions of a coordinator: an event in, a list of effects out; no clock, socket or file.
///
/// The machine alone builds effects, a method an event. What an event means for one subject is decided by a part:
/// who takes part by the ``Roster``, what the step lacks by the ``StepLedger``, what is computed twice by the
/// ``Audits``, when the state is written by the ``CheckpointSchedule``, how long to wait by the ``WaitClock``.
///
/// A slot that is not covered and that nobody owes is asked of somebody at once; one that is late is asked of an
/// idle member too. A partial sum is accepted if its sender was asked for it, it counts what it must, and it
/// covers nothing that is covered already: whichever copy comes first, the bits are the same.
///
/// `Peer` is whatever the transport tells its peers apart by. `now` never goes back.
public struct CoordinatorMachine<Peer: Hashable & Sendable>: Sendable {
    let plan: BatchPlan
    var settings: CoordinatorSettings
    var phase = Phase.gathering
    /// Whether this session has made or begun a step.
    var hasBegun = false
    /// The signal that asks to stop.
    var interruption: Int32?

    var roster: Roster<Peer>
    var startClock = StartClock()
    var shares = ShareSchedule()
    var ledger: StepLedger
    /// How long the last answers took.
    var answerTimes = AnswerTimes()
    var audits: Audits<Peer>
    var checkpoints: CheckpointSchedule
    var waiting = WaitClock()

    enum Phase: Sendable, Equatable {
        /// Waiting for enough workers to begin with.
        case gathering
        /// Waiting until they have their data.
        case distributing
        /// Making a step.
        case stepping
        /// Between two steps, with too few workers to go on.
        case paused
        /// Going back to a state from before a worker that computed wrongly.
        case rewinding
        /// Between two epochs, while the weights are tested.
        case evaluating
        /// Waiting until the workers, told that the run is over, have gone.
        case ending(Outcome, since: Duration)
        /// The run is over, but for what the disk still says.
        case finished
    }

    /// The machine of a run that has made `step` steps.
    public init(plan: BatchPlan, settings: CoordinatorSettings, step: Int) {
        self.plan = plan
        self.settings = settings
        roster = Roster(shards: plan.shards)
        ledger = StepLedger(shards: plan.shards, step: step)
        audits = Audits(
            share: settings.audit, recheck: settings.recheck, key: settings.auditKey)
        checkpoints = CheckpointSchedule(step: step)
    }

    /// The steps made; also the number of the step under way.
    var step: Int { ledger.step }

    /// How often the run has gone back, modulo 256.
    package var attempt: UInt8 { ledger.attempt }

    /// Whether there is nothing more to decide but when to close the doors.
    var isOver: Bool {
        switch phase {
        case .ending, .finished: true
        default: false
        }
    }

    /// The steps of the whole run.
    var totalSteps: Int { settings.epochs * plan.stepsPerEpoch }

    /// Whether a signal has asked to stop.
    var isInterrupted: Bool { interruption != nil }

    /// Whether a peer was expelled and has not come back.
    package func isExpelled(_ peer: Peer) -> Bool { roster.expelled.contains(peer) }

    /// Whether a peer has joined.
    package func isMember(_ peer: Peer) -> Bool { roster.index(of: peer) != nil }

    /// All members, in the order in which they joined.
    var members: [Member<Peer>] { roster.all }

    /// The most members that there were at once.
    var mostWorkers: Int { roster.most }

    /// The name of a member.
    func name(of peer: Peer) -> String? { roster.index(of: peer).map { roster[$0].name } }

    /// Whether a peer is a member that owes sums.
    func owes(_ peer: Peer) -> Bool {
        guard let index = roster.index(of: peer) else { return false }
        return !roster[index].requests.owed.isEmpty
    }

    /// Whether too few are here to go on, once the run has begun.
    var isBelowMinimum: Bool { roster.readyCount < settings.minimumWorkers }
}
