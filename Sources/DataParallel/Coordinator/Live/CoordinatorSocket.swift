import Protocol
import ZeroMQ

/// The connections of a coordinator to its workers, and how it keeps from them what is too much.
final class CoordinatorSocket {
    unowned let coordinator: Coordinator
    unowned let driver: CoordinatorDriver<LiveWorld>
    let socket: Socket
    /// Who may join; nil where anybody may.
    let door: Door?
    /// What waits for peers whose queues are full.
    var outboxes: [PeerIdentity: Outbox<[Frame]>] = [:]
    var isFlushing = false
    /// When a connection was last heard to have ended, while members are being looked after.
    var lastDisconnection: Duration?
    /// The messages taken in turns, one after another, that have not come to the end of what has arrived.
    var messagesWithoutEnd = 0
    /// What has been dropped unread and not been told of yet.
    var messagesOfFlood = 0
    /// Those whose connections were ended for what they sent: the rest of it is not looked at.
    var silenced = RecentPeers()
    /// How many connections were not let in, by the reason.
    var strangers: [String: Int] = [:]

    init(
        _ socket: Socket, _ door: Door?, of coordinator: Coordinator,
        _ driver: CoordinatorDriver<LiveWorld>
    ) {
        self.socket = socket
        self.door = door
        self.coordinator = coordinator
        self.driver = driver
    }

    var now: Duration { driver.world.now }

    /// Hears messages from now on.
    func attach() {
        let coordinator = coordinator
        coordinator.thread.attach(socket) {
            coordinator.assumeIsolated { $0.workers?.receive() }
        }
    }

    func close(lingering: Duration) { socket.close(lingering: lingering) }

    /// Does something a while later, on the coordinator's thread.
    func later(
        _ delay: Duration, _ work: @escaping @Sendable (CoordinatorSocket) -> Void
    ) {
        let coordinator = coordinator
        coordinator.thread.schedule(after: delay) {
            coordinator.assumeIsolated { if let workers = $0.workers { work(workers) } }
        }
    }

    /// Ends the connection of a peer, and passes over what has come from it.
    func silence(_ peer: PeerIdentity) {
        silenced.insert(peer)
        outboxes[peer] = nil
        socket.cutOff(peer)
    }
}
