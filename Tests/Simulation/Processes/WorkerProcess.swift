import DataParallel
import Datasets
import Kernels
import NeuralNetwork
import Protocol
import Training

/// A worker's process: carries out what its machine decides, as the worker's actor does.
final class WorkerProcess: VirtualProcess {
    let host: Host
    private var machine: WorkerMachine
    private var connection: Connection?
    private var ticks = 0
    private var failedDials = 0
    /// The last messages to this or an earlier coordinator, for a host that repeats them.
    private var said: [Packet] = []

    private var lane: ShardGradients?
    private var sums: ReductionTree?
    private var shards: [Int: Shard] = [:]
    private var weights: VirtualFrame?
    /// What is computed and not sent yet.
    private var results: [PartialSum] = []
    private(set) var answers = 0
    private(set) var answersToItsShare = 0
    /// The slots that it was asked for first in the step under way.
    private var ownSlots: [Range<Int>] = []
    /// Counts resets, so that a lane that still computes for an earlier run is not listened to.
    private var generation = 0
    /// The payload of the message that is being dealt with.
    private var payload: ArraySlice<VirtualFrame> = []

    /// A process on a host.
    init(_ world: World, on host: Host, pid: Int) {
        self.host = host
        let hello = Hello(
            host: host.name, pid: pid, lanes: 1, kernels: "virtual", identity: host.identity)
        machine = WorkerMachine(
            hello: hello, settings: WorkerSettings(joinTimeout: World.workerPatience))
        super.init(world, name: "\(host.name):\(pid)")
    }

    /// The process begins.
    func start() {
        trace("starts")
        machine.start(now: world.queue.now)
        tick()
        dial()
    }

    /// SIGTERM.
    func interrupt() { perform(machine.interrupt(15, now: world.queue.now)) }

    override func end() {
        world.checkSize(of: machine, name)
        super.end()
        connection = nil
        said = []
    }

    // MARK: - Events

    private func tick() {
        after(.seconds(1)) { [self] in
            ticks += 1
            if ticks % 16 == 0 { world.checkSize(of: machine, name) }
            perform(machine.tick(now: world.queue.now))
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
            perform(machine.connected(now: world.queue.now))
            if host.isRepeating { said.forEach { say($0) } }
        }
    }

    /// The connection has ended.
    func lost(_ connection: Connection) {
        guard connection === self.connection else { return }
        trace("has lost its connection")
        self.connection = nil
        perform(machine.disconnected(now: world.queue.now))
        dial()
    }

    /// A message has come.
    func receive(_ packet: Packet) {
        let decoded: (message: CoordinatorMessage, run: RunID)
        do {
            decoded = try CoordinatorMessage.decode(
                packet.frames[0].bytes, payloadFrames: packet.payload.count)
        } catch {
            return world.fail("\(name) cannot understand the coordinator: \(error)")
        }
        trace("<- \(decoded.message.summary)")
        payload = packet.payload
        defer { payload = [] }
        if case .weights(let work) = decoded.message {
            ownSlots = work.ranges.ranges
            if payload.first?.checksum != work.checksum {
                world.fail("\(name) gets weights with another checksum")
            }
        }
        perform(machine.receive(decoded.message, run: decoded.run, now: world.queue.now))
    }

    // MARK: - Effects

    private func perform(_ effects: [WorkerEffect]) {
        for effect in effects where isAlive {
            switch effect {
            case .send(let message, let run): send(Packet(message.header(run: run)))
            case .prepare(let architecture, let plan, let seed, let labelSmoothing):
                let kernels = world.training.job.kernels
                lane = ShardGradients(
                    architecture, plan: plan, seed: seed, labelSmoothing: labelSmoothing,
                    kernels: kernels)
                let count = ParameterLayout(architecture).count
                sums = ReductionTree(plan, parameterCount: count, kernels: kernels)
            case .reset: reset()
            case .storeShardPart(let part): store(part)
            case .loadWeights: loadWeights()
            case .compute(let slots, let step): compute(slots, step: step)
            case .sendSums(let step, let run): sendSums(step: step, run)
            case .discardSums: results = []
            case .report(let event): trace("\(event)")
            case .finish(let outcome): finish(outcome)
            }
        }
    }

    private func finish(_ outcome: WorkerOutcome) {
        trace("ends: \(outcome)")
        connection?.close(at: .worker, isBreak: false)
        end()
        world.workerEnded(self)
    }

    private func send(_ packet: Packet) {
        say(packet)
        said = (said + [packet]).suffix(6)
        if host.isRepeating, world.random.oneIn(2) { say(packet) }
    }

    private func say(_ packet: Packet) {
        if connection?.sendToCoordinator(packet) == false {
            world.fail("\(name) has too many messages on their way to the coordinator")
        }
    }

    private func reset() {
        generation += 1
        lane = nil
        sums = nil
        shards = [:]
        weights = nil
        results = []
    }

    private func store(_ part: ShardPart) {
        guard let values = payload.first, let labels = payload.last else { return }
        shards[part.shard, default: Shard()].values += values.bytes
        shards[part.shard, default: Shard()].labels += labels.bytes
    }

    private func loadWeights() {
        if world.bug == .staleWeights, weights != nil, world.random.oneIn(50) { return }
        weights = payload.first
    }

    // MARK: - Computing

    private func compute(_ slots: Range<Int>, step: Int) {
        guard let weights, let lane else {
            return world.fail("\(name) is to compute without weights or lanes")
        }
        trace("computes slots \(slots) of step \(step)")
        if host.isComputingForEver { return trace("will never be done with it") }
        let generation = generation
        after(world.computingTime(of: slots.count, on: host)) { [self] in
            guard generation == self.generation else { return }
            weights.withBytes { lane.load($0) }
            sums?.begin(step: step)
            for sum in lane.compute(slots: slots, step: step, shards: shards) { sums?.add(sum) }
            // They come out of a dictionary, whose order is another in every process.
            let shards = world.training.job.plan.shards
            results = (sums?.takeAll() ?? []).sorted {
                $0.node.slots(of: shards).lowerBound < $1.node.slots(of: shards).lowerBound
            }
            perform(machine.computed(step: step, now: world.queue.now))
        }
    }

    func isOfItsShare(_ slots: Range<Int>) -> Bool { ownSlots.contains { $0.overlaps(slots) } }

    func countAnswerToItsShare() -> Int {
        answersToItsShare += 1
        return answersToItsShare
    }

    /// Sends what is computed; what a liar sends is not what it has computed.
    private func sendSums(step: Int, _ run: RunID) {
        for sum in results {
            answers += 1
            if isLie(sum, step: step), falsify(sum) {
                trace("lies about node \(sum.node)")
                world.report.lies += 1
            }
            let header = PartialSumHeader(
                sum, step: step, attempt: machine.attempt, checksum: sum.checksum)
            send(
                Packet(
                    WorkerMessage.partialSum(header).header(run: run),
                    [frame(of: sum.gradients)]))
        }
        results = []
    }

    /// The frame of gradients; of a bug in the coordinator's door it has another content for whoever adds it.
    private func frame(of gradients: FloatBuffer) -> VirtualFrame {
        let bytes = gradients.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } }
        guard let bug = world.bug, [.doorSkipped, .notFiniteAdded].contains(bug),
            world.random.oneIn(20)
        else { return VirtualFrame(bytes) }
        var damaged = bytes
        if bug == .doorSkipped { damaged[1] ^= 16 } else { damaged[3] = 0x7F; damaged[2] = 0xC0 }
        return VirtualFrame(bytes, behindTheDoor: damaged)
    }
}
