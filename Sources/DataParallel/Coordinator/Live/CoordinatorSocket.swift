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
    var queues: [PeerIdentity: SendQueue] = [:]
    /// The last payload that was sent in blocks: the weights, which all workers share.
    var lastBlocks: PayloadBlocks?
    /// The sums that arrive in blocks.
    var assemblies: [PeerIdentity: PayloadAssembly] = [:]
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

    /// Drops what waits for a peer, and what is under way from it.
    func forget(_ peer: PeerIdentity) {
        queues[peer] = nil
        assemblies[peer] = nil
    }

    /// Forgets the peers that are no members any more, except for messages that wait for them.
    func forgetStrangers() {
        guard !assemblies.isEmpty || !queues.isEmpty else { return }
        let members = members
        assemblies = assemblies.filter { members.contains($0.key) }
        queues = queues.filter { !$0.value.isEmpty || members.contains($0.key) }
    }

    /// Ends a peer's connection and ignores its remaining messages.
    func silence(_ peer: PeerIdentity) {
        silenced.insert(peer)
        forget(peer)
        socket.cutOff(peer)
    }
}
