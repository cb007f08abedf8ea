/// A queue of messages that wait for room in a peer's socket queue.
package struct Outbox<Message> {
    private var messages: [Message] = []

    /// An empty queue.
    package init() {}

    package var isEmpty: Bool { messages.isEmpty }

    /// Appends a message.
    package mutating func add(_ message: Message) { messages.append(message) }

    /// Sends waiting messages until `send` returns false for lack of room.
    package mutating func flush(_ send: (Message) -> Bool) {
        messages.removeFirst(messages.firstIndex { !send($0) } ?? messages.count)
    }
}
