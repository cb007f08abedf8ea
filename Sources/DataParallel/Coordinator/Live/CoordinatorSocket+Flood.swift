import ZeroMQ

// Floods: messages that arrive faster than they can be handled. There is no backpressure: see Limits.swift.

extension CoordinatorSocket {
    /// The number of messages without an empty queue that counts as a flood.
    private static let mostWithoutEnd = 2048
    /// The most messages that are dropped before timers and signals get their turn.
    private static let mostDropped = 1000

    /// The members, if other peers' messages must be dropped unread; nil without a flood.
    var membersInFlood: Set<PeerIdentity>? {
        messagesWithoutEnd < Self.mostWithoutEnd ? nil : members
    }

    /// The current members.
    var members: Set<PeerIdentity> { Set(driver.machine.members.map(\.peer)) }

    /// Takes the next message; in a flood, drops messages until one of `members` arrives.
    func nextMessage(of members: Set<PeerIdentity>?) -> Received? {
        guard let members else {
            let received = socket.receive()
            if received == nil { messagesWithoutEnd = 0 }
            return received
        }
        let (received, dropped) = socket.receive(from: members, dropping: Self.mostDropped)
        messagesOfFlood += dropped
        if received == nil, dropped < Self.mostDropped { messagesWithoutEnd = 0 }
        return received
    }

    /// Reports messages dropped unread: once a second, because a second may have many waves.
    func reportFlood() {
        guard messagesOfFlood > 0 else { return }
        driver.report(.flooded(messages: messagesOfFlood))
        messagesOfFlood = 0
    }

    func limitUnread() {
        forgetStrangers()
        let limits = driver.machine.members.map { member in
            let sums = member.requests.mostSums
            let count = driver.state.parameters.count
            return (member.peer, Limits.unreadBytes(sums: sums, parameterCount: count))
        }
        let excessive = socket.limitUnread(
            of: Dictionary(limits) { first, _ in first }, othersTogether: Limits.unreadOfStrangers)
        for peer in excessive { driver.handle { $0.expelFlooder(peer, now: $1) } }
    }
}
