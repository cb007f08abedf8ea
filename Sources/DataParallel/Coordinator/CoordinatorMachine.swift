import Keys
import Protocol
import Training

/// All decisions of a coordinator: an event in, a list of effects out; no clock, socket or file.
///
/// Membership is the coordinator's alone. It knows of each member which slots of the reduction tree
/// it was asked for and owes still. A slot that is not covered and that nobody owes is asked of
/// somebody at once; one that is late is asked of an idle member too. A partial sum is accepted if
/// its sender was asked for it, it counts what it must, and it covers nothing that is covered
/// already: whichever copy comes first, the bits are the same.
///
/// `Peer` is whatever the transport tells its peers apart by. `now` never goes back.
public struct CoordinatorMachine<Peer: Hashable & Sendable>: Sendable {
    let plan: BatchPlan
    var settings: CoordinatorSettings

    var members: [Member] = []
    /// Those who were given up and have not come back; what they still say is passed over.
    ///
    /// In order, so that effects come in the same order in every process.
    var givenUp: [Peer] = []
    var phase = Phase.gathering
    /// The steps made; also the number of the step under way.
    var step: Int
    /// The slots whose sums the step under way has, or that have no examples in it.
    var covered: SlotSet
    /// The slots that have no examples in the step under way.
    var withoutExamples: SlotSet
    /// Whether the update of the step under way has been asked for.
    var isUpdating = false
    /// Whether somebody has come or gone since the slots were dealt.
    var isDealStale = true
    /// Whether the log has not been told of the shares.
    var isDealUntold = false
    /// How the shares were fitted to what members take for them, and whether any were.
    var shareSizes = ShareSizes()
    var isSpeedKnown = false
    /// How long the last answers took.
    var answerTimes = AnswerTimes()
    /// When getting the data began, before the session's first step; and when enough had theirs.
    var distributingSince: Duration?
    var enoughReadySince: Duration?
    /// When the present wait for workers began; nil where there are enough.
    var waitingSince: Duration?
    /// When the wait was last spoken of.
    var lastNotice: Duration = .zero
    var lastTick: Duration = .zero
    /// Whether this session has made or begun a step.
    var hasBegun = false
    var interruption: Int32?
    /// The steps of the last checkpoint, taken in this session or resumed from.
    var keptStep: Int?
    /// Whether a checkpoint is being written, and whether another is to be taken once it is.
    var isWriting = false
    var isCheckpointDue = false
    /// Whether a signal asks for the next checkpoint that is written.
    var isCheckpointRequested = false
    /// Whether slots may be left that nobody owes, because nobody could be asked for them.
    var hasOrphans = false
    /// The sums of the step under way that are computed a second time, by their node.
    var audits: [TreeNode: Audit<Peer>] = [:]
    /// Those of them that nobody has been asked for yet.
    var unaskedAudits: [TreeNode] = []
    /// What the coordinator itself computes, one after another.
    var disputes: [Audit<Peer>] = []
    var isArbitrating = false
    /// Whether what is being computed here is of no use any more.
    var isVerdictVoid = false
    /// How often a step has begun: what is drawn for an audit is drawn anew where one begins again.
    var rounds = 0
    var auditorDraws = 0
    /// How often the run has gone back, modulo 256; the answers to requests made before are void.
    package internal(set) var attempt: UInt8 = 0
    /// Who has computed wrongly, and whose sums nobody has checked.
    var known = KnownWorkers()
    /// What members have said that nothing asked them for, and those who have said too much of it.
    var accounts = Accounts()
    var overdrawn: [Peer] = []
    var names = WorkerNames()
    /// How many have joined: the identities of those that show none.
    var connections = 0
    var admission: Admission
    /// What has been dropped of peers that are no members.
    var droppedOfStrangers = 0
    var mostWorkers = 0

    enum Phase: Sendable, Equatable {
        /// Waiting for enough workers to begin with.
        case gathering
        /// Waiting until they have their data.
        case distributing
        /// Making a step.
        case training
        /// Between two steps, with too few workers to go on.
        case paused
        /// At an epoch's end, while an earlier checkpoint is still being written.
        case closingEpoch
        /// Going back to a state from before a worker that computed wrongly.
        case rewinding
        /// Between two epochs, while the weights are tested.
        case evaluating
        /// Waiting until the workers, told that the run is over, have gone.
        case ending(Outcome, since: Duration)
        case finished
    }

    /// The machine of a run that has made `step` steps.
    public init(plan: BatchPlan, settings: CoordinatorSettings, step: Int) {
        self.plan = plan
        self.settings = settings
        self.step = step
        keptStep = step > 0 ? step : nil
        covered = SlotSet(limit: plan.shards)
        withoutExamples = SlotSet(limit: plan.shards)
        admission = Admission(shards: plan.shards)
    }

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

    /// Whether a peer was given up and has not come back.
    package func isGivenUp(_ peer: Peer) -> Bool { givenUp.contains(peer) }

    /// Whether a peer has joined.
    package func isMember(_ peer: Peer) -> Bool { index(of: peer) != nil }

    /// The name of a member.
    func name(of peer: Peer) -> String? { index(of: peer).map { members[$0].name } }

    /// Whether a peer is a member that owes sums.
    func owes(_ peer: Peer) -> Bool {
        guard let index = index(of: peer) else { return false }
        return !members[index].owed.isEmpty
    }

    /// The members that have their data.
    var readyCount: Int { members.reduce(0) { $0 + ($1.isReady ? 1 : 0) } }

    /// Whether too few are here to go on, once the run has begun.
    var isBelowMinimum: Bool { readyCount < settings.minimumWorkers }

    // Loops over indices, here and where else each message or step comes by: a closure's argument, and the
    // machine that it captures, would be copied.
    func index(of peer: Peer) -> Int? {
        for index in members.indices where members[index].peer == peer { return index }
        return nil
    }
}

extension CoordinatorMachine {
    /// A worker that has joined.
    struct Member: Sendable {
        let peer: Peer
        /// Whose credential it holds; nil where none is needed.
        let caller: AllowedWorker?
        /// Who it is: those of the same identity are one worker where somebody else is to check.
        let identity: WorkerIdentity
        let name: String
        /// The slots that it computes in each step.
        var share: SlotSet
        /// How long it takes for a slot of late, and did when shares were last fitted to that.
        var pace = Pace()
        var slotTime: Duration?
        /// Where it is too slow for any share: when it is tried again.
        var standby: Standby?
        /// The share that the log has told.
        var toldShare: SlotSet?
        /// The slots whose data it was told to get.
        var assigned: SlotSet
        /// The slots whose data it has.
        var held: SlotSet
        /// The slots whose data it may fetch: what it was told to get, or asked to compute.
        var entitled: SlotSet
        /// The next example of each shard that it has fetched a part of.
        var nextExample: [Int: Int] = [:]
        /// Whether it had all data that it was told to get, and so takes part.
        var isReady = false
        /// Whether it has still to say that it has what it was told to get, and whether more is to come
        /// then.
        var isFetching = false
        var isAssignmentStale = false

        /// The last step that it was asked for sums of; it has the weights of that step.
        var askedStep: Int?
        /// The slots that it was asked for in that step, or that have no examples in it.
        var asked: SlotSet
        /// Those of them that it has sent no sum of yet.
        private(set) var owed: SlotSet
        /// The same, message by message.
        private var requests: [SlotSet] = []
        /// The most sums with which it can answer what it was asked for in that step, and in the last
        /// step before that it was asked in.
        private(set) var askedSums = 0
        private(set) var earlierSums = 0
        /// The messages in which it was asked for them in that step.
        private(set) var requestsOfStep = 0
        /// The sums of before the run went back that may still come.
        var outdatedSums = 0
        /// When it was asked for the last of them.
        var askedAt: Duration
        /// What it may say without paying for it.
        var demands = Demands()
        /// What it was asked for in an earlier step that ended without it, of which a copy may come.
        var stale: (step: Int, asked: SlotSet)?
        /// When it last brought its work forward: was asked, fetched data or sent a sum.
        var progressAt: Duration

        /// When anything came from it.
        var heardAt: Duration
        /// What it last said of itself, and when.
        var status: (WorkerStatus, at: Duration)?
        /// When it was last asked, for being late, what it does.
        var probedAt: Duration = .zero
        /// Whether the log has told that it is late with what it owes.
        var isToldLate = false
        var timesLate = 0
        /// What has been dropped of its messages.
        var dropped = 0
        /// How many of its sums another member has computed too, with the same bits.
        var confirmed = 0

        init(
            _ peer: Peer, _ caller: AllowedWorker?, _ identity: WorkerIdentity, name: String,
            limit: Int, now: Duration
        ) {
            self.peer = peer
            self.caller = caller
            self.identity = identity
            self.name = name
            let none = SlotSet(limit: limit)
            (share, assigned, held, asked, owed) = (none, none, none, none, none)
            entitled = none
            (askedAt, progressAt, heardAt) = (now, now, now)
        }

        /// Whether it is left out, being too slow for any share.
        var isOnStandby: Bool { standby != nil }

        /// The slots that it still owes to a step; none where it owes to an earlier one.
        func owed(to step: Int) -> SlotSet? { askedStep == step ? owed : nil }

        /// The slots that it was asked for in a step of which an answer may come.
        func asked(in step: Int) -> SlotSet? {
            askedStep == step ? asked : stale?.step == step ? stale?.asked : nil
        }

        /// Whether it owes nothing, and could compute.
        var isIdle: Bool { isReady && owed.isEmpty }

        /// Whether it can be asked for sums of a step: not while it computes for an earlier one, nor
        /// while it has too much to answer.
        func canBeAsked(in step: Int) -> Bool {
            isIdle || isReady && askedStep == step && requests.count < Limits.mostRequests
        }

        /// Takes note of a message that asks for `slots`, which make `sums` sums at most.
        mutating func ask(_ slots: SlotSet, sums: Int, now: Duration) {
            asked.formUnion(slots)
            owed.formUnion(slots)
            requests.append(slots)
            askedSums += sums
            demands.ask(sums: sums)
            requestsOfStep += 1
            (askedAt, progressAt) = (now, now)
            isToldLate = false
        }

        /// Takes note that it is asked for the first time in a step.
        mutating func begin(step: Int, withoutExamples: SlotSet) {
            askedStep = step
            asked = withoutExamples
            demands.begin(earlierSums: askedSums + earlierSums)
            (earlierSums, askedSums) = (askedSums, 0)
            requestsOfStep = 0
        }

        /// Takes note that it has sent the sums of slots.
        mutating func answer(_ slots: SlotSet) {
            owed.subtract(slots)
            for index in requests.indices { requests[index].subtract(slots) }
            requests.removeAll(where: \.isEmpty)
        }

        /// Takes note of how long it took for what it was asked for, if that was its share.
        mutating func notePace(_ time: Duration, withoutExamples: SlotSet) {
            guard !share.isEmpty, asked == share.union(withoutExamples) else { return }
            pace.note(time, slots: share.count)
        }

        /// Lets it off what it owes.
        mutating func dropDebts() { answer(owed) }

        /// Voids all that it was asked for, since the run goes back.
        mutating func voidRequests() {
            outdatedSums = owed.isEmpty && stale == nil ? 0 : askedSums + earlierSums
            askedStep = nil
            stale = nil
            dropDebts()
        }
    }
}
