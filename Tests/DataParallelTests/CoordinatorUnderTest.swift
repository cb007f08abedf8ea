import DataParallel
import Protocol
import Training

/// A coordinator's machine that a test plays all others of: a class, since expectations cannot change
/// a value.
final class CoordinatorUnderTest {
    typealias Effect = CoordinatorEffect<String>

    let plan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
    private(set) var machine: CoordinatorMachine<String>
    /// The milliseconds that have passed.
    private(set) var time = 0
    private var pid = 0
    /// The ranges that each peer was asked for and has not answered, with their step.
    private(set) var asked: [String: [WorkHeader]] = [:]
    private(set) var events: [RunEvent] = []
    /// The effects of the last event.
    private(set) var last: [Effect] = []
    private var step = 0
    /// Where the state that a run goes back to is.
    var rewindTarget = 0
    /// The peers whose sums are wrong, by a bit that shows in the checksum.
    var liars: Set<String> = []

    init(
        workersToBegin: Int? = nil, minimumWorkers: Int = 1, checkpointEvery: Int = 0,
        pauseTimeout: Duration? = nil, audit: Double = 0
    ) {
        var settings = CoordinatorSettings(
            welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
            epochs: 100, workersToBegin: workersToBegin, minimumWorkers: minimumWorkers,
            checkpointEvery: checkpointEvery, joinTimeout: nil, pauseTimeout: pauseTimeout,
            answerTimeout: .seconds(3))
        settings.audit = audit
        machine = CoordinatorMachine(plan: plan, settings: settings, step: 0)
        perform { $0.start(now: $1) }
    }

    private func perform(_ event: (inout CoordinatorMachine<String>, Duration) -> [Effect]) {
        last = event(&machine, .milliseconds(time))
        var effects = last
        while !effects.isEmpty {
            let effect = effects.removeFirst()
            switch effect {
            case .sendWeights(let range, let peer):
                asked[peer, default: []] = [WorkHeader(step: step, range: range, checksum: 0)]
            case .send(.compute(let work), let peer): asked[peer, default: []].append(work)
            case .send(.assign(let range), let peer):
                if isFetching { unfetched.append((peer, range)) } else { ready(peer, range) }
            case .update:
                step += 1
                let more = machine.updated(
                    sampleReport(step: step), now: .milliseconds(time))
                last += more
                effects += more
            case .arbitrate(let slots, let step):
                let right = sums(WorkHeader(step: step, range: SlotRange(slots), checksum: 0))
                let more = machine.arbitrated(right, now: .milliseconds(time))
                last += more
                effects += more
            case .rewind:
                step = rewindTarget
                let more = machine.rewound(to: step, now: .milliseconds(time))
                last += more
                effects += more
            case .evaluate:
                let more = machine.evaluated(now: .milliseconds(time))
                last += more
                effects += more
            case .report(let event): events.append(event)
            default: break
            }
        }
    }

    /// Whether workers take their time to fetch data.
    var isFetching = false
    private var unfetched: [(String, SlotRange)] = []

    private func ready(_ peer: String, _ range: SlotRange) {
        let before = last
        perform { $0.receive(.ready(range), from: peer, now: $1) }
        last = before + last
    }

    // MARK: - Events

    func join(_ peers: String...) {
        for peer in peers {
            pid += 1
            let hello = Hello(host: peer, pid: pid, lanes: 1, kernels: "test")
            perform { $0.receive(.hello(hello), from: peer, now: $1) }
        }
    }

    /// All who fetch data, or one of them, have it.
    func finishFetching(of one: String? = nil) {
        let pending = unfetched
        unfetched = pending.filter { one != nil && $0.0 != one }
        for (peer, range) in pending where one == nil || peer == one { ready(peer, range) }
    }

    func send(_ message: WorkerMessage, from peer: String) {
        perform { $0.receive(message, from: peer, now: $1) }
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

    /// The sums of what a peer was asked for.
    func sums(_ work: WorkHeader) -> [PartialSumHeader] {
        let slots = work.range.first..<work.range.first + work.range.count
        return maximalNodes(in: slots, of: plan).map { node in
            let examples = plan.examples(under: node, step: work.step)
            return PartialSumHeader(
                step: work.step, level: node.level, residue: node.residue, examples: examples,
                correct: 0, loss: 1, checksum: 0)
        }
    }

    func lose(_ peer: String) {
        asked[peer] = nil
        perform { $0.connectionEnded(peer, now: $1) }
    }

    func interrupt() { perform { $0.interrupt(2, now: $1) } }

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
        (asked[peer] ?? []).flatMap { Array($0.range.first..<$0.range.first + $0.range.count) }
            .sorted()
    }

    func isSent(_ message: CoordinatorMessage, to peer: String) -> Bool {
        last.contains(.send(message, to: peer))
    }

    /// The steps made.
    var steps: Int { step }

    /// Makes a whole step with all who were asked, in `milliseconds`.
    func makeStep(milliseconds: Int = 0) {
        time += milliseconds
        for peer in asked.keys.sorted() { answer(peer) }
    }
}
