import ZeroMQ

// Where messages come faster than they can be dealt with. Nothing holds them back: see Limits.swift.

extension CoordinatorSocket {
    /// A coordinator that has not come to the end of its messages in so many is flooded.
    private static let mostWithoutEnd = 2048
    /// The messages that are dropped at a time, between which timers and signals have their turn.
    private static let mostDropped = 1000

    /// The members, if messages of others are to be dropped unread.
    var membersInFlood: Set<PeerIdentity>? {
        messagesWithoutEnd < Self.mostWithoutEnd ? nil : members
    }

    /// The workers that are here.
    var members: Set<PeerIdentity> { Set(driver.machine.members.map(\.peer)) }

    /// Takes the next message; in a flood that of one of the `members`, for whose sake all before it
    /// are dropped.
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

    /// Tells of what was dropped unread; not of each wave, of which a second may have many.
    func reportFlood() {
        guard messagesOfFlood > 0 else { return }
        driver.report(.flooded(messages: messagesOfFlood))
        messagesOfFlood = 0
    }

    func limitUnread() {
        let limits = driver.machine.members.map { member in
            let sums = member.requests.mostSums
            let count = driver.state.parameters.count
            return (member.peer, Limits.unreadBytes(sums: sums, parameterCount: count))
        }
        let excessive = socket.limitUnread(
            of: Dictionary(limits) { first, _ in first }, othersTogether: Limits.unreadOfStrangers)
        for peer in excessive { driver.handle { $0.putOut(peer, now: $1) } }
    }
}
