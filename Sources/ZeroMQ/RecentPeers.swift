/// The most recent peers of some kind, a bounded number of them.
package struct RecentPeers {
    /// More than can be connected at once: all messages of a forgotten peer have long been read.
    private static let most = 2048

    private var peers: Set<PeerIdentity> = []
    /// The peers in order of arrival; a full ring overwrites the oldest.
    private var ring: [PeerIdentity] = []
    private var oldest = 0

    package init() {}

    package func contains(_ peer: PeerIdentity) -> Bool { !peers.isEmpty && peers.contains(peer) }

    package mutating func insert(_ peer: PeerIdentity) {
        guard peers.insert(peer).inserted else { return }
        guard ring.count == Self.most else { return ring.append(peer) }
        peers.remove(ring[oldest])
        ring[oldest] = peer
        oldest = (oldest + 1) % Self.most
    }
}
