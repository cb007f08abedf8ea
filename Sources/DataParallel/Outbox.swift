/// Messages that wait, in order, until there is room for them in the queue of a peer.
package struct Outbox<Message> {
    private var messages: [Message] = []
    /// When the peer last took a message, or the first one began to wait.
    package private(set) var lastProgress: Duration = .zero

    /// An empty one.
    package init() {}

    package var count: Int { messages.count }

    package var isEmpty: Bool { messages.isEmpty }

    /// Puts a message behind those that wait.
    package mutating func add(_ message: Message, now: Duration) {
        if messages.isEmpty { lastProgress = now }
        messages.append(message)
    }

    /// Sends what waits until `send` says that there is no more room.
    package mutating func flush(now: Duration, _ send: (Message) -> Bool) {
        let sent = messages.firstIndex { !send($0) } ?? messages.count
        guard sent > 0 else { return }
        messages.removeFirst(sent)
        lastProgress = now
    }
}
