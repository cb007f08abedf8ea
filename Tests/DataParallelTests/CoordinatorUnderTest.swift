import DataParallel
import Protocol
import Training

/// A coordinator's machine that a test plays all others of: a class, since expectations cannot change
/// a value.
final class CoordinatorUnderTest {
    typealias Effect = CoordinatorEffect<String>

    let plan: BatchPlan
    private(set) var machine: CoordinatorMachine<String>
    /// The milliseconds that have passed.
    private(set) var time = 0
    private var pid = 0
    /// The ranges that each peer was asked for and has not answered, with their step.
    private(set) var asked: [String: [WorkHeader]] = [:]
    private(set) var events: [RunEvent] = []
    /// What the coordinator itself has computed.
    private(set) var arbitrations: [Range<Int>] = []
    /// The effects of the last event.
    private(set) var last: [Effect] = []
    private var step = 0
    /// Where the state that a run goes back to is.
    var rewindTarget = 0
    /// The peers whose sums are wrong, by a bit that shows in the checksum.
    var liars: Set<String> = []
    /// The peers whose gradients are wrong, but have the checksum of the right ones.
    var forgers: Set<String> = []
    /// How often the digest of a payload was computed.
    private(set) var digests = 0

    init(
        workersToBegin: Int? = nil, minimumWorkers: Int = 1, checkpointEvery: Int = 0,
        pauseTimeout: Duration? = nil, audit: Double = 0, auditKey: UInt64 = 0, recheck: Double = 0,
        hasSuccessor: Bool = false,
        plan: BatchPlan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
    ) {
        self.plan = plan
        var settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: 10_000, workersToBegin: workersToBegin, minimumWorkers: minimumWorkers,
            checkpointEvery: checkpointEvery, joinTimeout: nil, pauseTimeout: pauseTimeout,
            answerTimeout: .seconds(3))
        settings.audit = audit
        settings.auditKey = auditKey
        settings.recheck = recheck
        settings.hasSuccessor = hasSuccessor
        machine = CoordinatorMachine(plan: plan, settings: settings, step: 0)
        perform { $0.start(now: $1) }
    }

    private func perform(_ event: (inout CoordinatorMachine<String>, Duration) -> [Effect]) {
        last = event(&machine, .milliseconds(time))
        onEvent?(last)
        var effects = last
        while !effects.isEmpty {
            let effect = effects.removeFirst()
            switch effect {
            case .sendWeights(let ranges, let peer):
                asked[peer, default: []] = [
                    WorkHeader(
                        step: step, attempt: machine.attempt, ranges: ranges, checksum: 0)
                ]
            case .send(.compute(let work), let peer): asked[peer, default: []].append(work)
            case .send(.assign(let ranges), let peer):
                if isFetching { unfetched.append((peer, ranges)) } else { ready(peer, ranges) }
            case .update where isRecordFull: machine.recordIsFull()
            case .update:
                step += 1
                let more = machine.updated(
                    sampleReport(step: step), now: .milliseconds(time))
                onEvent?(more)
                last += more
                effects += more
            case .arbitrate(let slots, let step):
                arbitrations.append(slots)
                let work = WorkHeader(step: step, ranges: SlotRanges(slots), checksum: 0)
                let right = sums(work).map { SumBits($0, digest(of: $0)) }
                let more = machine.arbitrated(right, now: .milliseconds(time))
                onEvent?(more)
                last += more
                effects += more
            case .rewind:
                step = rewindTarget
                let more = machine.rewound(to: step, now: .milliseconds(time))
                onEvent?(more)
                last += more
                effects += more
            case .evaluate:
                let more = machine.evaluated(now: .milliseconds(time))
                onEvent?(more)
                last += more
                effects += more
            case .report(let event): events.append(event)
            default: break
            }
        }
    }

    /// Whether workers take their time to fetch data.
    var isFetching = false
    private var unfetched: [(String, SlotRanges)] = []
    /// Told the effects of each event before they are carried out.
    var onEvent: (([Effect]) -> Void)?
    /// Told the sums that are added, before the effects that follow.
    var onAdd: ((PartialSumHeader) -> Void)?
    /// Whether the last message was a sum that is added.
    private(set) var isAdded = false

    private func ready(_ peer: String, _ ranges: SlotRanges) {
        let before = last
        send(.ready(ranges), from: peer)
        last = before + last
    }

    // MARK: - Events

    func join(_ peers: String...) {
        for peer in peers {
            pid += 1
            introduce(peer, host: peer, pid: pid)
        }
    }

    func introduce(_ peer: String, identity: String? = nil, host: String = "h", pid: Int = 1) {
        let hello = Hello(host: host, pid: pid, lanes: 1, kernels: "test", identity: identity)
        perform { $0.receive(.hello(hello), from: peer, now: $1) }
    }

    /// All who fetch data, or one of them, have it.
    func finishFetching(of one: String? = nil) {
        let pending = unfetched
        unfetched = pending.filter { one != nil && $0.0 != one }
        for (peer, range) in pending where one == nil || peer == one { ready(peer, range) }
    }

    func send(_ message: WorkerMessage, from peer: String) {
        let size = message.header(run: RunID(1)).count
        let isRead = machine.isWorthReading(message, bytes: size, from: peer)
        // One that was dropped may still answer, and is not listened to.
        if !isRead, machine.isMember(peer) { uncalledFor += 1 }
        perform { machine, now in
            let (isAdded, effects) = machine.decide(
                message, digest: { self.digest(of: message, from: peer) }, from: peer, now: now)
            self.isAdded = isAdded
            if isAdded, case .partialSum(let sum) = message { onAdd?(sum) }
            return effects + machine.putOutOverdrawn(now: now)
        }
    }

    private func digest(of message: WorkerMessage, from peer: String) -> PayloadDigest {
        digests += 1
        guard case .partialSum(var sum) = message else { fatalError("only sums have a payload") }
        if forgers.contains(peer) { sum.checksum ^= 1 }
        return digest(of: sum)
    }

    /// The digest of gradients: those of a checksum, but where somebody forges.
    private func digest(of sum: PartialSumHeader) -> PayloadDigest {
        withUnsafeBytes(of: sum.checksum) { PayloadDigest($0) }
    }

    /// The sums that came from members that were not asked for so many.
    private(set) var uncalledFor = 0

    /// Pings all members, which answer.
    func probe() {
        perform { machine, _ in machine.probe() }
        for case .send(.ping, let peer) in last {
            send(.status(WorkerStatus(phase: .idle, step: nil, seconds: 0)), from: peer)
        }
    }

    /// A peer answers all that it was asked for, as if it had computed it range by range.
    func answer(_ peer: String) {
        let works = asked[peer] ?? []
        asked[peer] = nil
        for work in works {
            for sum in sums(work) {
                var sum = sum
                if liars.contains(peer) { sum.checksum = 1 }
                send(.partialSum(sum), from: peer)
            }
        }
    }

    /// A peer answers the first message that it has not answered; gives back how many sums that are.
    func answerFirst(_ peer: String) -> Int {
        guard let work = asked[peer]?.first else { return 0 }
        let answers = sums(work)
        for sum in answers { send(.partialSum(sum), from: peer) }
        if asked[peer]?.first == work { asked[peer]?.removeFirst() }
        return answers.count
    }

    /// The sums of what a peer was asked for.
    func sums(_ work: WorkHeader) -> [PartialSumHeader] {
        let nodes = work.ranges.ranges.flatMap { maximalNodes(in: $0, of: plan, step: work.step) }
        return nodes.map { node in
            let examples = plan.examples(under: node, step: work.step)
            return PartialSumHeader(
                step: work.step, attempt: work.attempt, level: node.level, residue: node.residue,
                examples: examples,
                correct: 0, loss: 1, checksum: 0)
        }
    }

    func lose(_ peer: String) {
        asked[peer] = nil
        perform { $0.connectionEnded(peer, now: $1) }
    }

    func interrupt() { perform { $0.interrupt(2, now: $1) } }

    func fail(_ outcome: Outcome) { perform { $0.fail(outcome, now: $1) } }

    func requestCheckpoint() { perform { machine, _ in machine.requestCheckpoint("SIGUSR1") } }

    func localWorkersEnded() -> [Effect] {
        perform { $0.localWorkerEnded("exit status 143", remaining: 0, now: $1) }
        return last
    }

    /// Whether the record has no room for another step.
    var isRecordFull = false {
        didSet { if oldValue, !isRecordFull { perform { machine, _ in machine.recordHasRoom() } } }
    }

    func checkpointWritten() { perform { machine, _ in machine.checkpointWritten() } }

    /// Lets time pass, as the driver does.
    func pass(milliseconds: Int) {
        var told: [Effect] = []
        let end = time + milliseconds
        while time < end {
            time = min(time + 50, end)
            perform { $0.tick(now: $1) }
            told += last
        }
        last = told
    }

    /// Time passes while the coordinator stands still.
    func jump(milliseconds: Int) { time += milliseconds }

    // MARK: - What it came to

    /// The slots that a peer was asked for and owes.
    func owed(_ peer: String) -> [Int] {
        (asked[peer] ?? []).flatMap { $0.ranges.ranges.flatMap { Array($0) } }.sorted()
    }

    func isSent(_ message: CoordinatorMessage, to peer: String) -> Bool {
        last.contains(.send(message, to: peer))
    }

    /// The steps made.
    var steps: Int { step }

    /// Makes a whole step with all who were asked, in `milliseconds`.
    func makeStep(milliseconds: Int = 0) {
        time += milliseconds
        let before = step
        for peer in asked.keys.sorted() { answer(peer) }
        // What is audited is asked for once all the rest is there.
        for _ in 0..<3 where step == before { for peer in asked.keys.sorted() { answer(peer) } }
    }
}
