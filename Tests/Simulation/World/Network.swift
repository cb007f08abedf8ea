/// All connections between workers and coordinators.
final class Network {
    private unowned let world: World
    private var connections: [Connection] = []
    private var made = 0

    init(_ world: World) { self.world = world }

    /// Connects a worker to the coordinator, if it can be reached.
    func connect(_ worker: WorkerProcess) -> Connection? {
        guard let coordinator = world.coordinator, coordinator.isAlive, !coordinator.isStopped,
            !worker.host.isCut
        else { return nil }
        made += 1
        let connection = Connection(world, peer: made, worker, coordinator)
        connections.append(connection)
        coordinator.accept(connection)
        return connection
    }

    /// Updates the connections after something was cut, healed, suspended, continued or lost.
    func refresh() {
        connections.removeAll { !$0.isOpenAtWorker && !$0.isOpenAtCoordinator }
        for connection in connections { connection.refresh() }
    }

    /// The connection of a worker, if any.
    func connection(of worker: WorkerProcess) -> Connection? {
        connections.last { $0.worker === worker && $0.isOpenAtWorker }
    }

    /// Ends all connections of a dead process, as its operating system would.
    func breakAll(of process: VirtualProcess) {
        for connection in connections {
            if connection.worker === process { connection.close(at: .worker, isBreak: true) }
            if connection.coordinator === process {
                connection.close(at: .coordinator, isBreak: true)
            }
        }
        refresh()
    }
}
