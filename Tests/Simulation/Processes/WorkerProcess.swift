import DataParallel
import Datasets
import Kernels
import NeuralNetwork
import Protocol
import Reduction
import Training

/// A worker's process: the real driver in a world of virtual network and time.
final class WorkerProcess: VirtualProcess, WorkerWorld {
    typealias Frame = VirtualFrame

    let host: Host
    /// Nil once the process has ended, because driver and process refer to each other.
    private var driver: WorkerDriver<WorkerProcess>?
    private var connection: Connection?
    private var ticks = 0
    private var failedDials = 0
    /// The last messages to this or an earlier coordinator, for a host that repeats them.
    private var said: [Packet] = []

    private var lane: ShardGradients?
    /// The last weights that the lane loaded.
    private var loaded: VirtualFrame?
    var answers = 0
    private(set) var answersToItsShare = 0
    /// The slots of its first request in the current step.
    private var ownSlots: [Range<Int>] = []

    /// A process on a host.
    init(_ world: World, on host: Host, pid: Int) {
        self.host = host
        super.init(world, name: "\(host.name):\(pid)")
        let hello = Hello(
            host: host.name, pid: pid, lanes: 1, kernels: "virtual", identity: host.identity)
        driver = WorkerDriver(
            hello: hello, settings: WorkerSettings(joinTimeout: World.workerPatience),
            kernels: world.training.job.kernels, in: self)
    }

    /// Starts the process.
    func start() {
        trace("starts")
        driver?.start()
        tick()
        dial()
    }

    /// SIGTERM.
    func interrupt() { driver?.handle { $0.interrupt(15, now: $1) } }

    override func end() {
        checkSize()
        super.end()
        driver = nil
        connection = nil
        said = []
    }

    private func checkSize() {
        if let driver { world.checkSize(of: driver.machine, name) }
    }

    // MARK: - Events

    private func tick() {
        after(.seconds(1)) { [self] in
            ticks += 1
            if ticks % 16 == 0 { checkSize() }
            driver?.handle { $0.tick(now: $1) }
            tick()
        }
    }

    private func dial() {
        let wait = min(Duration.milliseconds(100) * (1 << min(failedDials, 5)), .seconds(2))
        after(wait + world.latency()) { [self] in
            guard let connection = world.network.connect(self) else {
                failedDials += 1
                return dial()
            }
            failedDials = 0
            self.connection = connection
            trace("is connected, as peer \(connection.peer)")
            driver?.handle { $0.connected(now: $1) }
            if host.isRepeating { said.forEach { _ = say($0) } }
        }
    }

    /// The connection has ended.
    func lost(_ connection: Connection) {
        guard connection === self.connection else { return }
        trace("has lost its connection")
        self.connection = nil
        driver?.disconnected()
        dial()
    }

    /// A message has arrived.
    func receive(_ packet: Packet) {
        let message = try? CoordinatorMessage.decode(packet.frames[0].bytes).message
        trace("<- \(message?.summary ?? "a message that is damaged")")
        if case .weights(let work)? = message { ownSlots = work.ranges.ranges }
        driver?.receive(packet.frames)
    }

    // MARK: - The network

    var now: Duration { world.queue.now }

    func send(_ header: [UInt8], _ payload: [VirtualFrame]) -> Bool {
        let packet = altered(Packet(header, payload))
        let hasRoom = say(packet)
        said = (said + [packet]).suffix(6)
        if host.isRepeating, world.random.oneIn(2) { _ = say(packet) }
        return hasRoom
    }

    /// A message is on its way once it is sent.
    var isSending: Bool { false }

    private func say(_ packet: Packet) -> Bool { connection?.sendToCoordinator(packet) ?? true }

    func retrySoon() { after(.milliseconds(2)) { [self] in driver?.retry() } }

    func report(_ event: WorkerEvent) {
        trace(unqualified(event))
        // Nothing damages the coordinator's messages.
        if case .dropped(let reason) = event { world.fail("\(name) drops a message: \(reason)") }
    }

    func finish(_ outcome: WorkerOutcome) {
        trace("ends: \(outcome)")
        connection?.close(at: .worker, isBreak: false)
        end()
        world.workerEnded(self)
    }

    // MARK: - Computing

    func makeLanes(
        _ architecture: Architecture, _ plan: BatchPlan, seed: UInt64, labelSmoothing: Double
    ) {
        lane = ShardGradients(
            architecture, plan: plan, seed: seed, labelSmoothing: labelSmoothing,
            kernels: world.training.job.kernels)
    }

    func removeLanes() {
        lane = nil
        loaded = nil
    }

    func compute(
        _ part: LanePart, weights: VirtualFrame, shards: [Int: Shard], spare: [FloatBuffer]
    ) {
        guard let lane else { return world.fail("\(name) is to compute without a lane") }
        trace("computes slots \(part.slots) of step \(part.step)")
        if host.isComputingForEver { return trace("will never be done with it") }
        let isStale = world.bug == .staleWeights && world.random.oneIn(50)
        let weights = isStale ? loaded ?? weights : weights
        loaded = weights
        after(world.computingTime(of: part.slots.count, on: host)) { [self] in
            lane.recycle(spare)
            weights.withBytes { lane.load($0) }
            let sums = lane.compute(slots: part.slots, step: part.step, shards: shards)
            driver?.computed(part, sums, in: nil)
        }
    }

    func isOfItsShare(_ slots: Range<Int>) -> Bool { ownSlots.contains { $0.overlaps(slots) } }

    func countAnswerToItsShare() -> Int {
        answersToItsShare += 1
        return answersToItsShare
    }
}
