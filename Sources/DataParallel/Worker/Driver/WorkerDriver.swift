import Datasets
import Kernels
import NeuralNetwork
import Protocol
import Reduction
import RunEvents

/// Carries out the decisions of a ``WorkerMachine``: one loop of effects for every kind of world.
package final class WorkerDriver<World: WorkerWorld> {
    private typealias Message = (header: [UInt8], payload: [World.Frame])
    private typealias Work = (slots: Range<Int>, step: Int)

    private let world: World
    private let kernels: any KernelSet.Type
    package private(set) var machine: WorkerMachine
    private(set) var expected = ExpectedPayload()
    private var drops = 0

    /// Messages that wait until the coordinator takes more, and work that waits for them.
    private var outbox = Outbox<Message>()
    private var isRetrying = false
    private var heldWork: Work?

    private var shards: [Int: Shard] = [:]
    private var weights: World.Frame?
    private var sums: ReductionTree?
    private var range: RangeUnderWay?
    /// Whether the coordinator wants the timing of the current step.
    private var isTimed = false
    /// Counts resets.
    private var generation = 0
    /// The answers sent so far.
    private var answers = 0

    /// The driver of a worker that is not connected.
    package init(
        hello: Hello, settings: WorkerSettings, memory: Int = .max,
        kernels: any KernelSet.Type, in world: World
    ) {
        self.world = world
        self.kernels = kernels
        machine = WorkerMachine(hello: hello, settings: settings, memory: memory)
    }

    /// Starts the clock.
    package func start() { machine.start(now: world.now) }

    // MARK: - Events

    /// Passes an event to the machine and carries out its decision.
    package func handle(_ event: (inout WorkerMachine, Duration) -> [WorkerEffect]) {
        perform(event(&machine, world.now))
    }

    /// Records that the coordinator's name was resolved.
    package func dialling() { machine.dialling() }

    /// Handles the end of the connection; waiting messages are dropped.
    package func disconnected() {
        outbox = Outbox()
        handle { $0.disconnected(now: $1) }
    }

    /// Handles a message.
    package func receive(_ frames: [World.Frame]) {
        do throws(ProtocolError) {
            let payload = frames.dropFirst()
            let (message, run) = try CoordinatorMessage.decode(
                frames[0].bytes, payloadFrames: payload.count)
            try expected.check(payload, of: message)
            noteTiming(message)
            perform(machine.receive(message, run: run, now: world.now), payload)
        } catch .otherVersion(let version) {
            let error = ProtocolError.otherVersion(version)
            perform(machine.finish(.refused("the coordinator cannot be understood: \(error)")))
        } catch {
            drop("\(error)")
        }
    }

    /// Notes whether a request wants to know where the time goes.
    private func noteTiming(_ message: CoordinatorMessage) {
        switch message {
        case .weights(let work), .compute(let work): isTimed = work.isTimed
        default: break
        }
    }

    /// Drops a message.
    package func drop(_ reason: String) {
        drops += 1
        if isWorthLogging(drops) { report(.dropped(reason)) }
    }

    func report(_ event: WorkerEvent) { world.report(event) }

    // MARK: - Effects

    /// Carries out effects; `payload` belongs to the message that caused them.
    package func perform(_ effects: [WorkerEffect], _ payload: ArraySlice<World.Frame> = []) {
        for effect in effects {
            switch effect {
            case .send(let message, let run): send(message, run)
            case .prepare(let architecture, let plan, let seed, let labelSmoothing):
                expected = ExpectedPayload(architecture)
                sums = ReductionTree(
                    plan, parameterCount: expected.parameterCount, kernels: kernels)
                world.makeLanes(
                    architecture, plan, seed: seed, labelSmoothing: labelSmoothing)
            case .reset: reset()
            case .storeShardPart(let part): store(part, payload)
            case .loadWeights: weights = payload.first
            case .compute(let slots, let step): computeOnceSent(slots, step: step)
            case .sendSums(let step, let run): sendSums(step: step, run)
            case .discardSums: discardSums()
            case .report(let event): report(event)
            case .finish(let outcome): world.finish(outcome)
            }
        }
    }

    private func reset() {
        generation += 1
        heldWork = nil
        world.removeLanes()
        shards = [:]
        weights = nil
        sums = nil
    }

    private func store(_ part: ShardPart, _ payload: ArraySlice<World.Frame>) {
        guard let values = payload.first, let labels = payload.last else { return }
        shards[part.shard, default: Shard()].values += values.bytes
        shards[part.shard, default: Shard()].labels += labels.bytes
    }

    // MARK: - Sending

    private func send(_ message: WorkerMessage, _ run: RunID) {
        // A hello is repeated a second later, and an old status is useless.
        let isWorthWaiting =
            switch message {
            case .hello, .status: false
            default: true
            }
        send(message.header(run: run), waiting: isWorthWaiting)
    }

    /// Sends a message now; if there is no room, queues it if `waiting` is true and drops it otherwise.
    ///
    /// A lost connection has no room either; the queue is dropped once the loss is noticed.
    private func send(_ header: [UInt8], _ payload: [World.Frame] = [], waiting: Bool = true) {
        if outbox.isEmpty, world.send(header, payload) { return }
        guard waiting else { return }
        outbox.add((header, payload))
        retrySoon()
    }

    private func retrySoon() {
        if !isRetrying { world.retrySoon() }
        isRetrying = true
    }

    /// Retries to send the queue.
    package func retry() {
        isRetrying = false
        sendWaiting()
        if isSending {
            if !outbox.isEmpty || heldWork != nil { retrySoon() }
        } else if let (slots, step) = heldWork.take() {
            compute(slots, step: step)
        }
    }

    /// Sends as many waiting messages as there is room for.
    package func sendWaiting() {
        outbox.flush { world.send($0.header, $0.payload) }
    }

    // MARK: - Computing

    /// Computes a range after the previous range's sums are sent, so that at most one range's sums wait,
    /// however slow the network is.
    private func computeOnceSent(_ slots: Range<Int>, step: Int) {
        guard isSending else { return compute(slots, step: step) }
        heldWork = (slots, step)
        retrySoon()
    }

    private var isSending: Bool { !outbox.isEmpty || world.isSending }

    private func compute(_ slots: Range<Int>, step: Int) {
        guard let weights else { return }
        sums?.begin(step: step)
        for buffer in world.takeReturned() { sums?.pool.give(buffer) }
        var spare = sums?.pool.takeAll() ?? []
        let count = min(machine.hello.lanes, slots.count)
        range = RangeUnderWay(lanes: count, now: world.now)
        for lane in 0..<count {
            let share = Array(spare.suffix(spare.count / count + 1))
            spare.removeLast(share.count)
            let part = LanePart(
                lane: lane, slots: slots.part(lane, of: count), step: step, generation: generation)
            world.compute(part, weights: weights, shards: shards, spare: share)
        }
    }

    /// Handles a lane's result for its part of the range.
    ///
    /// - Parameter time: its start and end, if the world measures them.
    package func computed(_ part: LanePart, _ partials: [PartialSum], in time: Range<Duration>?) {
        guard part.generation == generation else { return }
        for partial in partials { sums?.add(partial) }
        range?.computed(by: part.lane, in: time)
        if range?.isComputed == true { handle { $0.computed(step: part.step, now: $1) } }
    }

    private func sendSums(step: Int, _ run: RunID) {
        guard let shards = machine.plan?.shards else { return }
        // They come from a dictionary, whose order differs between processes.
        let computed = (sums?.takeAll() ?? []).sorted {
            $0.node.slots(of: shards).lowerBound < $1.node.slots(of: shards).lowerBound
        }
        for (index, sum) in computed.enumerated() {
            answers += 1
            if let count = machine.settings.answersToASpoiltOne, answers % count == 0 {
                spoil(sum.gradients)
            }
            let gradients = world.lend(sum.gradients)
            let header = PartialSumHeader(
                sum, step: step, attempt: machine.attempt, checksum: gradients.checksum,
                timing: isTimed && index == computed.count - 1
                    ? range?.timing(now: world.now) : nil)
            send(WorkerMessage.partialSum(header).header(run: run), [gradients])
        }
    }

    private func discardSums() {
        for sum in sums?.takeAll() ?? [] { sums?.pool.give(sum.gradients) }
    }

    /// Flips one bit of one value, like bad memory.
    private func spoil(_ gradients: FloatBuffer) {
        let index = answers % gradients.count
        gradients[index] = Float(bitPattern: gradients[index].bitPattern ^ 1)
    }
}
