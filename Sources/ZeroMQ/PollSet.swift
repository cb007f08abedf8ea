import CZeroMQ

/// The sockets and file descriptors that a thread waits for, each with its handler.
///
/// Used on one thread only. Handlers may add and remove sources, their own too.
struct PollSet {
    private struct Entry {
        let id: Int
        /// Kept, lest a polled socket goes away; nil where the source is a file descriptor.
        let socket: Socket?
        let handler: () -> Void
    }

    // Two arrays with equal indices, since libzmq wants one of its own items.
    private var items: [zmq_pollitem_t] = []
    private var entries: [Entry] = []
    private var nextID = 0
    /// The ids of the sources that the last wait found ready; kept, so that waiting allocates nothing.
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

    /// Removes a socket and gives back its handler.
    ///
    /// What goes with the handler may well use this set as it is released; so that must happen after
    /// the change, at the caller.
    mutating func remove(_ socket: Socket) -> (() -> Void)? {
        remove(at: entries.firstIndex { $0.socket === socket })
    }

    /// Removes a file descriptor and gives back its handler.
    mutating func remove(fileDescriptor: Int32) -> (() -> Void)? {
        remove(at: items.firstIndex { $0.socket == nil && $0.fd == fileDescriptor })
    }

    /// Waits until a source is readable or broken; ``ready`` then has the ids of all that are.
    ///
    /// - Parameter timeout: Milliseconds, or -1 to wait as long as it takes.
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

    /// The handler of a source, unless an earlier handler has removed it since.
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
