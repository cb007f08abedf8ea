import ZeroMQ

/// The messages to a peer that wait for room.
///
/// Whole messages overtake payloads, except for those that mean something only after a payload.
package struct SendQueue {
    private enum Ordered {
        /// A payload, and the number of bytes that are sent.
        case payload(PayloadBlocks, header: Frame, sent: Int)
        /// A message that must not overtake payloads.
        case message([Frame])
    }

    private var messages: [[Frame]] = []
    private var ordered: [Ordered] = []
    private var window: BlockWindow
    /// When the peer last took a message or a block, or when the first one began to wait.
    package private(set) var lastProgress: Duration = .zero

    /// An empty queue.
    package init(_ sizes: PayloadSizes = .standard) { window = BlockWindow(sizes) }

    package var isEmpty: Bool { messages.isEmpty && ordered.isEmpty }

    /// The number of messages that wait for nothing but room.
    package var messageCount: Int { messages.count }

    /// Whether payloads wait, or messages behind them.
    package var hasPayloads: Bool { !ordered.isEmpty }

    /// Whether to look again soon, because messages wait, or blocks are on their way.
    package var isInUse: Bool { !isEmpty || window.isInUse }

    /// Whether it is empty, and has no experience with payloads.
    package var isNew: Bool { isEmpty && window.isNew }

    /// Appends a message, which overtakes payloads.
    package mutating func add(_ message: [Frame], now: Duration) {
        begin(now)
        messages.append(message)
    }

    /// Appends a message behind all payloads.
    package mutating func addBehindPayloads(_ message: [Frame], now: Duration) {
        begin(now)
        ordered.append(.message(message))
    }

    /// Appends the payload of a message.
    package mutating func add(_ blocks: PayloadBlocks, header: Frame, now: Duration) {
        begin(now)
        if ordered.isEmpty { window.begin(now: now) }
        ordered.append(.payload(blocks, header: header, sent: 0))
    }

    private mutating func begin(_ now: Duration) {
        if isEmpty { lastProgress = now }
    }

    /// Drops the payloads, and what waits behind them.
    package mutating func dropAllBehindPayloads() { ordered = [] }

    /// Drops payloads, even if the peer has a part of them, but not what waits behind them.
    package mutating func dropPayloads(where isUseless: (PayloadBlocks) -> Bool) {
        ordered.removeAll { entry in
            guard case .payload(let blocks, _, _) = entry else { return false }
            return isUseless(blocks)
        }
    }

    /// Learns how fast blocks leave; called now and then while it is in use.
    package mutating func look(now: Duration) { window.look(now: now) }

    /// Sends what there is room for, until `send` returns false.
    ///
    /// - Returns: whether the peer got on with a payload.
    package mutating func flush(now: Duration, _ send: ([Frame]) -> Bool) -> Bool {
        let sent = messages.firstIndex { !send($0) } ?? messages.count
        messages.removeFirst(sent)
        if sent > 0 { lastProgress = now }
        guard messages.isEmpty else { return false }
        var isAdvancing = false
        while sendOrdered(send) { isAdvancing = true }
        if isAdvancing { lastProgress = now }
        return isAdvancing
    }

    private mutating func sendOrdered(_ send: ([Frame]) -> Bool) -> Bool {
        switch ordered.first {
        case .message(let message)?:
            guard send(message) else { return false }
            ordered.removeFirst()
        case .payload(let blocks, let header, var sent)?:
            guard window.hasRoom else { return false }
            let message = blocks.message(
                from: sent, most: window.blockSize, header: header, countedBy: window.inside)
            guard send(message) else { return false }
            window.enter(message[1].count)
            sent += message[1].count
            if sent == blocks.payload.count {
                ordered.removeFirst()
            } else {
                ordered[0] = .payload(blocks, header: header, sent: sent)
            }
        case nil: return false
        }
        return true
    }
}
