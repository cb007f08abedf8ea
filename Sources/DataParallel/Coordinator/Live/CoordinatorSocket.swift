import Protocol
import ZeroMQ

/// A coordinator's connections to its workers, with their queues and limits.
final class CoordinatorSocket {
    unowned let coordinator: Coordinator
    unowned let driver: CoordinatorDriver<LiveCoordinatorWorld>
    let socket: Socket
    /// Decides who may join; nil to admit anybody.
    let door: Door?
    /// Messages that wait for peers whose queues are full.
    var outboxes: [PeerIdentity: Outbox<[Frame]>] = [:]
    var isFlushing = false
    /// When a connection last ended, while members are being pinged for that reason.
    var lastDisconnection: Duration?
    /// The messages received in consecutive turns since the queue was last empty.
    var messagesWithoutEnd = 0
    /// The messages dropped unread since the last report.
    var messagesOfFlood = 0
    /// Peers that were cut off for what they sent; their remaining messages are ignored.
    var silenced = RecentPeers()
    /// How many connections were rejected, by reason.
    var strangers: [String: Int] = [:]

    init(
        _ socket: Socket, _ door: Door?, of coordinator: Coordinator,
        _ driver: CoordinatorDriver<LiveCoordinatorWorld>
    ) {
        self.socket = socket
        self.door = door
        self.coordinator = coordinator
        self.driver = driver
    }

    var now: Duration { driver.world.now }

    /// Starts to receive messages.
    func attach() {
        let coordinator = coordinator
        coordinator.thread.attach(socket) {
            coordinator.assumeIsolated { $0.workers?.receive() }
        }
    }

    func close(lingering: Duration) { socket.close(lingering: lingering) }

    /// Runs work after a delay, on the coordinator's thread.
    func later(
        _ delay: Duration, _ work: @escaping @Sendable (CoordinatorSocket) -> Void
    ) {
        let coordinator = coordinator
        coordinator.thread.schedule(after: delay) {
            coordinator.assumeIsolated { if let workers = $0.workers { work(workers) } }
        }
    }

    /// Ends a peer's connection and ignores its remaining messages.
    func silence(_ peer: PeerIdentity) {
        silenced.insert(peer)
        outboxes[peer] = nil
        socket.cutOff(peer)
    }
}
