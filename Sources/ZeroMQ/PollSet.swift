import CZeroMQ

/// The sockets and file descriptors that a thread polls, each with its handler.
///
/// Used on one thread only. Handlers may add and remove sources, even their own.
struct PollSet {
    private struct Entry {
        let id: Int
        /// Retained, so that a polled socket stays alive; nil for a file descriptor.
        let socket: Socket?
        let handler: () -> Void
    }

    // Two arrays with equal indices, because libzmq needs an array of its own items.
    private var items: [zmq_pollitem_t] = []
    private var entries: [Entry] = []
    private var nextID = 0
    /// The ids of the sources that the last wait found ready; stored, so that waiting allocates
    /// nothing.
    private(set) var ready: [Int] = []

    mutating func add(_ socket: Socket, handler: @escaping () -> Void) {
        var item = zmq_pollitem_t()
        item.socket = socket.raw
        add(item, Entry(id: nextID, socket: socket, handler: handler))
    }

    mutating func add(fileDescriptor: Int32, handler: @escaping () -> Void) {
        var item = zmq_pollitem_t()
        item.fd = fileDescriptor
        add(item, Entry(id: nextID, socket: nil, handler: handler))
    }

    /// Removes a socket and returns its handler.
    ///
    /// Releasing the handler may call this set again, so the caller must do that after the change.
    mutating func remove(_ socket: Socket) -> (() -> Void)? {
        remove(at: entries.firstIndex { $0.socket === socket })
    }

    /// Removes a file descriptor and returns its handler.
    mutating func remove(fileDescriptor: Int32) -> (() -> Void)? {
        remove(at: items.firstIndex { $0.socket == nil && $0.fd == fileDescriptor })
    }

    /// Waits until a source is readable or broken; ``ready`` then has the ids of all such sources.
    ///
    /// - Parameter timeout: Milliseconds, or -1 to wait without a limit.
    mutating func wait(timeout: Int) {
        ready.removeAll(keepingCapacity: true)
        // Level-triggered: a handler that leaves something unread is called again.
        guard zmq_poll(&items, Int32(items.count), timeout) >= 0 else {
            let code = zmq_errno()
            precondition(code == EINTR, "zmq_poll: \(String(cString: zmq_strerror(code)))")
            return
        }
        for (item, entry) in zip(items, entries) where item.revents != 0 { ready.append(entry.id) }
    }

    /// The handler of a source, unless an earlier handler has removed the source.
    func handler(of id: Int) -> (() -> Void)? {
        entries.first { $0.id == id }?.handler
    }

    private mutating func add(_ item: zmq_pollitem_t, _ entry: Entry) {
        var item = item
        item.events = Int16(ZMQ_POLLIN)
        items.append(item)
        entries.append(entry)
        ready.reserveCapacity(items.count)
        nextID += 1
    }

    private mutating func remove(at index: Int?) -> (() -> Void)? {
        guard let index else { return nil }
        items.remove(at: index)
        return entries.remove(at: index).handler
    }
}
