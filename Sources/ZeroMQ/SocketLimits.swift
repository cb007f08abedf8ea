// What a socket's owner asks of the account that is kept of its connections.

extension Socket {
    /// Ends connections over which too much has come that is not read yet, more bytes than a trusted
    /// peer may send or more than `most` from all others together, and those over which no message came
    /// for long.
    ///
    /// How much has come is known of connections over tcp only.
    ///
    /// A listening socket with a monitor keeps account of its connections.
    ///
    /// - Returns: the trusted peers that sent more than they may.
    public func limitUnread(
        of trusted: [PeerIdentity: Int], othersTogether most: Int
    ) -> [PeerIdentity] {
        thread.checkIsolated()
        return connectionGuard.limitUnread(of: trusted, othersTogether: most)
    }

    /// Ends connections to peers that this socket has dialled over which more than `most` bytes have come that
    /// are not read yet, if it has a monitor.
    ///
    /// - Returns: whether there are any.
    public func limitUnread(toEach most: Int) -> Bool {
        thread.checkIsolated()
        return connectionGuard.limitUnread(toEach: most)
    }

    /// Takes account of a message of a peer that is not trusted: it may send 64 at once, and then two a
    /// second.
    ///
    /// - Returns: whether it has kept to that.
    public func isWithinAllowance(_ peer: PeerIdentity) -> Bool {
        thread.checkIsolated()
        return connectionGuard.spend(peer)
    }

    /// Ends the connection of a peer, and so frees what is queued for it.
    public func cutOff(_ peer: PeerIdentity) {
        thread.checkIsolated()
        connectionGuard.cut(peer)
    }
}
