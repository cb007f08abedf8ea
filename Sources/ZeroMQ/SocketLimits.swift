// The limits that a socket's owner sets on its connections.

extension Socket {
    /// Closes connections with too much unread data, and those without a first message for too long.
    ///
    /// Too much is more bytes than a trusted peer may send, or more than `most` from all others
    /// together. Unread bytes are known only for connections over tcp. Only a listening socket with a
    /// monitor tracks its connections.
    ///
    /// - Returns: the trusted peers that sent more than they may.
    public func limitUnread(
        of trusted: [PeerIdentity: Int], othersTogether most: Int
    ) -> [PeerIdentity] {
        thread.checkIsolated()
        return connectionGuard.limitUnread(of: trusted, othersTogether: most)
    }

    /// Closes connections to dialled peers with more than `most` unread bytes, if the socket has a
    /// monitor.
    ///
    /// - Returns: whether there were any.
    public func limitUnread(toEach most: Int) -> Bool {
        thread.checkIsolated()
        return connectionGuard.limitUnread(toEach: most)
    }

    /// Counts a message of an untrusted peer, which may send 64 at once, and then two a second.
    ///
    /// - Returns: whether the peer has kept to that.
    public func isWithinAllowance(_ peer: PeerIdentity) -> Bool {
        thread.checkIsolated()
        return connectionGuard.spend(peer)
    }

    /// Closes the connection of a peer, which frees what is queued for it.
    public func cutOff(_ peer: PeerIdentity) {
        thread.checkIsolated()
        connectionGuard.cut(peer)
    }
}
