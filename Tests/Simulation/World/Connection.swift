/// A connection between a worker and a coordinator; each side learns of its end at its own time.
final class Connection {
    enum Side { case worker, coordinator }

    private unowned let world: World
    /// The coordinator's id for this connection.
    let peer: Int
    let worker: WorkerProcess
    let coordinator: CoordinatorProcess
    private(set) var isOpenAtWorker = true
    private(set) var isOpenAtCoordinator = true
    /// Since when each side receives nothing, not even heartbeats.
    private var silence: [Side: Duration] = [:]

    private lazy var toWorker = Pipe<Packet>(world, isCut: isCut) {
        [weak self, worker] packet in self?.arrive(packet, at: worker)
    }
    private lazy var toCoordinator = Pipe<Packet>(world, isCut: isCut) {
        [weak self, coordinator] packet in self?.arrive(packet, at: coordinator)
    }

    init(_ world: World, peer: Int, _ worker: WorkerProcess, _ coordinator: CoordinatorProcess) {
        self.world = world
        self.peer = peer
        self.worker = worker
        self.coordinator = coordinator
    }

    private var isCut: () -> Bool { { [host = worker.host] in host.isCut } }

    // MARK: - Messages

    /// Sends to the worker; false if too many messages are in flight.
    func send(_ packet: Packet) -> Bool { !isOpenAtCoordinator || toWorker.send(packet) }

    /// Sends to the coordinator; false if too many messages are in flight.
    func sendToCoordinator(_ packet: Packet) -> Bool {
        !isOpenAtWorker || toCoordinator.send(world.damaged(packet, from: worker.host))
    }

    private func arrive(_ packet: Packet?, at worker: WorkerProcess) {
        worker.handle { [self] in
            guard isOpenAtWorker else { return }
            if let packet { worker.receive(packet) } else { hearTheEnd(at: .worker) }
        }
    }

    private func arrive(_ packet: Packet?, at coordinator: CoordinatorProcess) {
        coordinator.handle { [self] in
            guard isOpenAtCoordinator else { return }
            if let packet {
                coordinator.receive(packet, from: self)
            } else {
                hearTheEnd(at: .coordinator)
            }
        }
    }

    // MARK: - The end

    /// Closes the connection at one side; the other side learns of it unless a cut or a break prevents that.
    ///
    /// - Parameter isBreak: whether messages in flight may be lost.
    func close(at side: Side, isBreak: Bool) {
        switch side {
        case .worker:
            guard isOpenAtWorker else { return }
            isOpenAtWorker = false
            toCoordinator.close(isBreak: isBreak)
        case .coordinator:
            guard isOpenAtCoordinator else { return }
            isOpenAtCoordinator = false
            toWorker.close(isBreak: isBreak)
        }
    }

    /// The network drops the connection; both sides learn of it, each at its own time.
    func reset() {
        toWorker.close(isBreak: true)
        toCoordinator.close(isBreak: true)
    }

    /// A side learns, or detects by the missing heartbeat, that the connection has ended.
    private func hearTheEnd(at side: Side) {
        close(at: side, isBreak: true)
        switch side {
        case .worker: worker.lost(self)
        case .coordinator: coordinator.lost(self)
        }
    }

    // MARK: - Heartbeats

    /// A cut may have healed: messages move again, and silent sides receive something again.
    func refresh() {
        toWorker.move()
        toCoordinator.move()
        watch(
            .worker, worker, isOpen: isOpenAtWorker,
            hears: !coordinator.isStopped && (coordinator.isAlive || toWorker.isClosed))
        watch(
            .coordinator, coordinator, isOpen: isOpenAtCoordinator,
            hears: !worker.isStopped && (worker.isAlive || toCoordinator.isClosed))
    }

    private func watch(_ side: Side, _ process: VirtualProcess, isOpen: Bool, hears: Bool) {
        guard isOpen, !hears || worker.host.isCut else { return silence[side] = nil }
        guard silence[side] == nil else { return }
        let now = world.queue.now
        silence[side] = now
        let timeout = world.random.draw(World.heartbeatTimeout)
        process.after(timeout) { [self] in
            guard silence[side] == now else { return }
            process.trace("hears nothing more of \(side == .worker ? "coordinator" : worker.name)")
            hearTheEnd(at: side)
        }
    }
}
