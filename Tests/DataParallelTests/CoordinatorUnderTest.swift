import DataParallel
import Datasets
import Kernels
import Protocol
import Reduction
import RunEvents
import Simulation
import TestSupport

/// A coordinator's driver whose workers, disk and clock are played by a test: a class, because
/// `#expect` cannot call mutating functions.
final class CoordinatorUnderTest {
    typealias Effect = CoordinatorEffect<String>

    let plan: BatchPlan
    private let world: ScriptedCoordinatorWorld<String>
    private let driver: CoordinatorDriver<ScriptedCoordinatorWorld<String>>
    var machine: CoordinatorMachine<String> { driver.machine }
    /// The milliseconds that have passed.
    private(set) var time = 0 {
        didSet { world.now = .milliseconds(time) }
    }
    private var pid = 0
    /// The ranges that were requested from each peer and are not answered, with their step.
    private(set) var asked: [String: [WorkHeader]] = [:]
    var events: [RunEvent] { world.events }
    /// The end of the run, once it has ended.
    var result: CoordinatorResult? { world.result }
    /// The ranges that the coordinator computed itself.
    private(set) var arbitrations: [Range<Int>] = []
    /// The effects of the last event and of those that followed from it at once.
    private(set) var last: [Effect] = []
    /// The peers whose sums have a wrong bit, which changes the checksum.
    var liars: Set<String> = []
    /// The peers whose gradients are wrong but have the checksum of the right ones.
    var forgers: Set<String> = []

    init(
        workersToBegin: Int? = nil, minimumWorkers: Int = 1, checkpointEvery: Int = 0,
        pauseTimeout: Duration? = nil, audit: Double = 0, auditKey: UInt64 = 0, recheck: Double = 0,
        hasSuccessor: Bool = false,
        plan: BatchPlan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
    ) {
        self.plan = plan
        let job = sampleJob(plan)
        var settings = CoordinatorSettings(
            welcome: Welcome(job.architecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: 10_000, workersToBegin: workersToBegin, minimumWorkers: minimumWorkers,
            checkpointEvery: checkpointEvery, joinTimeout: nil, pauseTimeout: pauseTimeout,
            answerTimeout: .seconds(3))
        settings.audit = audit
        settings.auditKey = auditKey
        settings.recheck = recheck
        settings.hasSuccessor = hasSuccessor
        world = ScriptedCoordinatorWorld(plan)
        driver = CoordinatorDriver(job, settings, run: RunID(1), resuming: nil, in: world)
        world.onAsk = { [unowned self] effect in
            last.append(effect)
        }
        world.onAdd = { [unowned self] sum in
            isAdded = true
            onAdd?(sum)
        }
        perform { $0.start() }
    }

    /// Performs an event and everything that follows from it at once.
    private func perform(_ event: (CoordinatorDriver<ScriptedCoordinatorWorld<String>>) -> Void) {
        last = []
        carryOut { event(driver) }
        settle()
    }

    private func carryOut(_ event: () -> Void) {
        let count = last.count
        event()
        onEvent?(Array(last[count...]))
    }

    private func handle(
        _ event: (inout CoordinatorMachine<String>, Duration) -> [Effect]
    ) {
        perform { $0.handle(event) }
    }

    /// Whether fetching data takes time.
    var isFetching = false
    private var unfetched: [(String, SlotRanges)] = []
    /// Receives the effects of each event.
    var onEvent: (([Effect]) -> Void)?
    /// Receives the sums that are added, before `onEvent`.
    var onAdd: ((PartialSumHeader) -> Void)?
    /// Whether the last message was a sum that was added.
    private(set) var isAdded = false

    /// Notes what was sent and completes the driver's errands at once, except checkpoint writes.
    private func settle() {
        while true {
            let sent = world.takeSent()
            for (message, peer) in sent { take(message, peer) }
            if let errand = world.takeErrand(where: { !$0.isSave }) {
                carryOut { run(errand) }
            } else if sent.isEmpty {
                return
            }
        }
    }

    /// Delivers a message to a peer.
    private func take(_ message: CoordinatorMessage, _ peer: String) {
        switch message {
        case .weights(let work): asked[peer] = [work]
        case .compute(let work): asked[peer, default: []].append(work)
        case .assign(let ranges) where isFetching: unfetched.append((peer, ranges))
        case .assign(let ranges): carryOut { deliver(.ready(ranges), from: peer) }
        default: break
        }
    }

    private func run(_ errand: ScriptedCoordinatorWorld<String>.Errand) {
        switch errand {
        case .rewind: driver.rewound(to: .success(nil))
        case .evaluate: driver.evaluated(Tally(), nil)
        case .arbitrate(let slots, let step):
            arbitrations.append(slots)
            let work = WorkHeader(step: step, ranges: SlotRanges(slots), checksum: 0)
            let digest = PayloadDigest(gradients(of: ""))
            driver.arbitrated(sums(work).map { SumBits($0, digest) })
        case .flush where !isRecordFull: driver.recordIsFlushed(nil)
        case .flush: owesFlush = true
        case .save: break
        }
    }

    // MARK: - Events

    func join(_ peers: String...) {
        for peer in peers {
            pid += 1
            introduce(peer, host: peer, pid: pid)
        }
    }

    func introduce(_ peer: String, identity: String? = nil, host: String = "h", pid: Int = 1) {
        send(
            .hello(Hello(host: host, pid: pid, lanes: 1, kernels: "test", identity: identity)),
            from: peer)
    }

    /// Completes the data of all peers that fetch, or of one.
    func finishFetching(of one: String? = nil) {
        let pending = unfetched
        unfetched = pending.filter { one != nil && $0.0 != one }
        for (peer, range) in pending where one == nil || peer == one {
            send(.ready(range), from: peer)
        }
    }

    func send(_ message: WorkerMessage, from peer: String) {
        let size = message.header(run: driver.run).count
        var machine = machine
        // A dropped worker may still answer; its messages are ignored.
        if !machine.isWorthReading(message, bytes: size, from: peer), machine.isMember(peer) {
            uncalledFor += 1
        }
        isAdded = false
        perform { _ in deliver(message, from: peer) }
    }

    private func deliver(_ message: WorkerMessage, from peer: String) {
        driver.receive(
            message.frames(run: driver.run, gradients: gradients(of: peer)), from: peer)
        driver.handle { $0.expelOverdrawn(now: $1) }
    }

    /// The gradients that a peer sends: zeros, unless it lies.
    private func gradients(of peer: String) -> [UInt8] {
        var words = [UInt64](repeating: 0, count: (driver.state.parameters.count + 1) / 2)
        if forgers.contains(peer), !Collision.change(&words) {
            preconditionFailure("zeros can be forged")
        }
        if liars.contains(peer) { words[0] = 1 }
        let bytes = words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
        return Array(bytes.prefix(4 * driver.state.parameters.count))
    }

    /// The number of unsolicited sums from members.
    private(set) var uncalledFor = 0

    /// Pings all members; they answer.
    func probe() {
        handle { machine, _ in machine.probe() }
        for case .send(.ping, let peer) in last {
            send(.status(WorkerStatus(phase: .idle, step: nil, seconds: 0)), from: peer)
        }
    }

    /// Answers everything that was requested from a peer, range by range.
    func answer(_ peer: String) {
        let works = asked[peer] ?? []
        asked[peer] = nil
        for sum in works.flatMap(sums) { send(.partialSum(sum), from: peer) }
    }

    /// Answers the peer's first open request; returns the number of its sums.
    func answerFirst(_ peer: String) -> Int {
        guard let work = asked[peer]?.first else { return 0 }
        let answers = sums(work)
        for sum in answers { send(.partialSum(sum), from: peer) }
        if asked[peer]?.first == work { asked[peer]?.removeFirst() }
        return answers.count
    }

    /// The sums that answer a request.
    func sums(_ work: WorkHeader) -> [PartialSumHeader] {
        let nodes = work.ranges.ranges.flatMap { maximalNodes(in: $0, of: plan, step: work.step) }
        return nodes.map { node in
            let examples = plan.examples(under: node, step: work.step)
            return PartialSumHeader(
                step: work.step, attempt: work.attempt, level: node.level, residue: node.residue,
                examples: examples, correct: 0, loss: 1, checksum: 0)
        }
    }

    func lose(_ peer: String) {
        asked[peer] = nil
        handle { $0.connectionEnded(peer, now: $1) }
    }

    /// A block of a large message passes between the driver and a peer.
    func passBlock(_ peer: String, isSender: Bool) {
        driver.noteProgress(of: peer, isSender: isSender)
    }

    func interrupt() { handle { $0.interrupt(2, now: $1) } }

    func fail(_ outcome: Outcome) { handle { $0.fail(outcome, now: $1) } }

    func requestCheckpoint() { handle { machine, _ in machine.requestCheckpoint("SIGUSR1") } }

    func localWorkersEnded() -> [Effect] {
        handle {
            $0.localWorkerEnded("exit status 143", remaining: 0, othersMayJoin: false, now: $1)
        }
        return last
    }

    /// Whether the record has no room for another step.
    var isRecordFull = false {
        didSet {
            world.recordHasRoom = !isRecordFull
            guard owesFlush, !isRecordFull else { return }
            owesFlush = false
            perform { $0.recordIsFlushed(nil) }
        }
    }
    /// Makes the record fail after a number of events.
    func failRecord(after events: Int) { world.eventsUntilFailure = events }

    /// Whether the driver waits for a flush of the record.
    private var owesFlush = false

    /// Completes the checkpoint that is being written, if any.
    func checkpointWritten() {
        guard case .save(let step)? = world.takeErrand(where: \.isSave) else { return }
        perform { $0.saved(.success(""), step: step) }
    }

    /// Lets time pass with the driver's ticks.
    func pass(milliseconds: Int) {
        var told: [Effect] = []
        let end = time + milliseconds
        while time < end {
            time = min(time + 50, end)
            handle { $0.tick(now: $1) }
            told += last
        }
        last = told
    }

    /// Lets time pass while the coordinator is suspended.
    func jump(milliseconds: Int) { time += milliseconds }

    // MARK: - Results

    /// The slots that were requested from a peer and are not answered.
    func owed(_ peer: String) -> [Int] {
        (asked[peer] ?? []).flatMap { $0.ranges.ranges.flatMap { Array($0) } }.sorted()
    }

    func isSent(_ message: CoordinatorMessage, to peer: String) -> Bool {
        last.contains(.send(message, to: peer))
    }

    /// The number of steps made.
    var steps: Int { driver.state.step }

    /// Makes a whole step with all peers that have requests, in `milliseconds`.
    func makeStep(milliseconds: Int = 0) {
        time += milliseconds
        let before = steps
        for peer in asked.keys.sorted() { answer(peer) }
        // Audits are requested once all other sums are in.
        for _ in 0..<3 where steps == before { for peer in asked.keys.sorted() { answer(peer) } }
    }
}

extension ScriptedCoordinatorWorld.Errand {
    fileprivate var isSave: Bool { if case .save = self { true } else { false } }
}
