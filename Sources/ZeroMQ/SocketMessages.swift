import CZeroMQ

extension Socket {
    /// Takes the next message off the socket's queue; nil if there is none.
    ///
    /// A message over the limits of ``SocketOptions`` is read to its end and dropped.
    public func receive() -> Received? {
        thread.checkIsolated()
        guard let raw, let first = Frame(receivedFrom: raw) else { return nil }
        guard kind == .router else { return message(of: nil, beginningWith: first, raw) }
        return message(of: PeerIdentity(first), behind: first, raw)
    }

    /// Takes a router's next message from a wanted peer off its queue.
    ///
    /// Messages of other peers before it are dropped, and their connections closed: a flood is dropped
    /// faster than it arrives.
    ///
    /// - Parameter limit: the most messages to drop.
    /// - Returns: a message, or nil if there is none within the limit; and the number of dropped
    ///   messages.
    public func receive(
        from wanted: Set<PeerIdentity>, dropping limit: Int
    ) -> (message: Received?, dropped: Int) {
        thread.checkIsolated()
        precondition(kind == .router, "only a router knows its peers")
        for dropped in 0..<limit {
            guard let raw, let first = Frame(receivedFrom: raw) else { return (nil, dropped) }
            let sender = PeerIdentity(first)
            if wanted.contains(sender) { return (message(of: sender, behind: first, raw), dropped) }
            connectionGuard.cut(Frame.discardMessage(from: raw), of: sender)
        }
        return (nil, limit)
    }

    /// The message that follows its sender's identity.
    private func message(
        of sender: PeerIdentity, behind identity: Frame, _ raw: UnsafeMutableRawPointer
    ) -> Received? {
        // libzmq delivers whole messages only, so the frames after the first are there.
        guard identity.isFollowed, let first = Frame(receivedFrom: raw) else { return nil }
        return message(of: sender, beginningWith: first, raw)
    }

    private func message(
        of sender: PeerIdentity?, beginningWith first: Frame, _ raw: UnsafeMutableRawPointer
    ) -> Received {
        var frame = first
        var frames = [frame]
        var frameCount = 1
        var byteCount = frame.count
        let isEncrypted = options.encryption != nil
        // Without encryption a peer could claim any name.
        let user = isEncrypted && sender != nil ? first.user : nil
        var countOnWire = frame.countOnWire(isEncrypted: isEncrypted)
        while frame.isFollowed, let next = Frame(receivedFrom: raw) {
            frame = next
            frameCount += 1
            byteCount += frame.count
            countOnWire += frame.countOnWire(isEncrypted: isEncrypted)
            if isWithinLimits(frameCount, byteCount) {
                frames.append(frame)
            } else {
                frames.removeAll()
            }
        }
        connectionGuard.countRead(countOnWire, from: sender, over: frame.connection)
        return isWithinLimits(frameCount, byteCount)
            ? .message(Message(sender: sender, user: user, frames: frames))
            : .oversized(sender: sender, frameCount: frameCount, byteCount: byteCount)
    }

    /// Queues the frames as one message: all of them, or none.
    ///
    /// - Parameter peer: The receiver, for a router; nil for other sockets.
    public func send(_ frames: [Frame], to peer: PeerIdentity? = nil) -> SendResult {
        thread.checkIsolated()
        precondition((peer != nil) == (kind == .router), "only a router, but always, names a peer")
        precondition(!frames.isEmpty, "a message has at least one frame")
        guard let raw else { return .peerUnreachable }

        var rest = frames[...]
        let first = if let peer { Frame(peer.bytes) } else { rest.removeFirst() }
        var code = first.send(to: raw, isFollowed: !rest.isEmpty)
        if code == EAGAIN {
            // The peer may have read messages that this thread does not know of; asking for the events
            // makes libzmq look.
            refreshCredit(of: raw)
            code = first.send(to: raw, isFollowed: !rest.isEmpty)
        }
        // After the first frame is taken so are the others, or libzmq takes back the whole message. If
        // one were sent after a refusal, a router would take it for the identity of a new message.
        while code == 0, let part = rest.popFirst() {
            code = part.send(to: raw, isFollowed: !rest.isEmpty)
        }
        switch code {
        case 0: return .sent
        case EAGAIN: return .full
        default: return .peerUnreachable
        }
    }

    private func isWithinLimits(_ frameCount: Int, _ byteCount: Int) -> Bool {
        frameCount <= options.maximumFrameCount && byteCount <= options.maximumMessageSize
    }

    private func refreshCredit(of raw: UnsafeMutableRawPointer) {
        var events: Int32 = 0
        var size = MemoryLayout<Int32>.size
        zmq_getsockopt(raw, ZMQ_EVENTS, &events, &size)
    }
}
