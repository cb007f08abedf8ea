/// A queue of messages that wait for room in a peer's socket queue.
package struct Outbox<Message> {
    private var messages: [Message] = []
    /// When the peer last took a message, or when the first one began to wait.
    package private(set) var lastProgress: Duration = .zero

    /// An empty queue.
    package init() {}

    package var count: Int { messages.count }

    package var isEmpty: Bool { messages.isEmpty }

    /// Appends a message.
    package mutating func add(_ message: Message, now: Duration) {
        if messages.isEmpty { lastProgress = now }
        messages.append(message)
    }

    /// Sends waiting messages until `send` returns false for lack of room.
    package mutating func flush(now: Duration, _ send: (Message) -> Bool) {
        let sent = messages.firstIndex { !send($0) } ?? messages.count
        guard sent > 0 else { return }
        messages.removeFirst(sent)
        lastProgress = now
    }
}
