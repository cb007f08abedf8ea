import CZeroMQ

/// An immutable block of bytes: one part of a message.
///
/// Sending does not copy the bytes: a frame and all peers that it is sent to share one
/// reference-counted payload (except for the smallest frames, up to 33 bytes, which libzmq keeps
/// inline). A received frame is the memory that libzmq read it into; its bytes may have any alignment.
///
/// `@unchecked Sendable`: neither the bytes nor libzmq's 64-byte handle of them is written to after
/// `init` (see ``seal()``), and libzmq counts the references atomically.
public final class Frame: @unchecked Sendable {
    // A handle must stay at one address while libzmq knows it, so it has its own memory.
    private let handle: UnsafeMutablePointer<zmq_msg_t>

    /// Makes a frame that holds a copy of `bytes`.
    public convenience init(_ bytes: [UInt8]) {
        self.init(copying: bytes.span.bytes)
    }

    /// Makes a frame that holds a copy of `bytes`, the only copy for any number of peers.
    public convenience init(copying bytes: RawSpan) {
        self.init(count: bytes.byteCount) { output in
            bytes.withUnsafeBytes { source in
                output.withUnsafeMutableBytes { destination, initializedCount in
                    destination.copyMemory(from: source)
                    initializedCount = source.count
                }
            }
        }
    }

    /// Makes a frame of `count` bytes that `initializer` writes in place.
    ///
    /// - Precondition: `initializer` fills the frame; any rest would send stale memory.
    public init<Failure: Error>(
        count: Int, initializingWith initializer: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        handle = Self.allocate(count: count)
        let memory = UnsafeMutableRawBufferPointer(start: zmq_msg_data(handle), count: count)
        var output = OutputRawSpan(buffer: memory, initializedCount: 0)
        try initializer(&output)
        if output.byteCount < count {
            fatalError("only \(output.byteCount) of \(count) bytes were written")
        }
        seal()
    }

    /// Makes a frame of a part of another one, whose bytes it shares.
    ///
    /// - Parameter use: counts this frame's bytes until nothing uses them any more.
    package convenience init(_ range: Range<Int>, of whole: Frame, countedBy use: FrameUse) {
        precondition(range.lowerBound >= 0 && range.upperBound <= whole.count, "no such bytes")
        let start = zmq_msg_data(whole.handle)?.advanced(by: range.lowerBound)
        self.init(start, range.count, of: whole, use)
    }

    /// Makes a frame of bytes that `owner` keeps.
    ///
    /// - Parameter use: counts the bytes until nothing reads them any more; until then nobody may write to them.
    package convenience init(sharing bytes: RawSpan, of owner: AnyObject, countedBy use: FrameUse) {
        // The owner keeps the bytes at their address for as long as it lives, and the frame keeps the owner.
        let start = bytes.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
        self.init(start, bytes.byteCount, of: owner, use)
    }

    private init(
        _ start: UnsafeMutableRawPointer?, _ count: Int, of owner: AnyObject, _ use: FrameUse
    ) {
        handle = .allocate(capacity: 1)
        let loan = Unmanaged.passRetained(Loan(count, of: owner, use))
        // The thread that drops the last reference calls `release`: mostly one of libzmq's.
        let code = zmq_msg_init_data(
            handle, start, count, { _, loan in Loan.release(loan) }, loan.toOpaque())
        guard code == 0 else {
            fatalError("no memory for a part of a frame")
        }
        seal()
    }

    /// Takes over a handle whose bytes are complete.
    init(adopting handle: UnsafeMutablePointer<zmq_msg_t>) {
        self.handle = handle
        seal()
    }

    /// A handle with memory for `count` bytes.
    static func allocate(count: Int) -> UnsafeMutablePointer<zmq_msg_t> {
        precondition(count >= 0, "a frame cannot have \(count) bytes")
        let handle = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        guard zmq_msg_init_size(handle, count) == 0 else {
            // Swift itself does the same if it finds no memory.
            fatalError("no memory for a frame of \(count) bytes")
        }
        return handle
    }

    /// Takes the next frame off a socket's queue; nil if the queue is empty.
    init?(receivedFrom socket: UnsafeMutableRawPointer) {
        handle = .allocate(capacity: 1)
        zmq_msg_init(handle)
        guard Self.receive(handle, from: socket) else { return nil }
        seal()
    }

    /// Drops the rest of a message from a socket's queue.
    ///
    /// - Returns: the descriptor of the connection that it came over, or -1.
    static func discardMessage(from socket: UnsafeMutableRawPointer) -> Int32 {
        var message = zmq_msg_t()
        return withUnsafeMutablePointer(to: &message) { message in
            zmq_msg_init(message)
            defer { zmq_msg_close(message) }
            repeat {
                guard receive(message, from: socket) else { return -1 }
            } while zmq_msg_more(message) != 0
            return zmq_msg_get(message, ZMQ_SRCFD)
        }
    }

    /// Whether the queue had a frame, which is then in `handle`.
    private static func receive(
        _ handle: UnsafeMutablePointer<zmq_msg_t>, from socket: UnsafeMutableRawPointer
    ) -> Bool {
        while zmq_msg_recv(handle, socket, ZMQ_DONTWAIT) < 0 {
            if zmq_errno() != EINTR { return false }
        }
        return true
    }

    deinit {
        zmq_msg_close(handle)
        handle.deallocate()
    }

    /// The number of bytes.
    public var count: Int { zmq_msg_size(handle) }

    /// The number of bytes on a connection (ZMTP 3.0), including those that encryption adds.
    func countOnWire(isEncrypted: Bool) -> Int {
        let count = count + (isEncrypted ? Encryption.frameOverhead : 0)
        return count + (count > 255 ? 9 : 2)
    }

    /// Calls `body` with the bytes, which stay valid only until it returns.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(handle), count: count).bytes)
    }

    /// The address of the peer that sent a received frame, if it came over tcp.
    public var peerAddress: String? {
        guard let address = zmq_msg_gets(handle, "Peer-Address") else { return nil }
        let text = String(cString: address)
        // Over ipc libzmq gives localhost with numbers of the peer's process; over tcp a numeric
        // address.
        return text.isEmpty || text.hasPrefix("localhost:") ? nil : text
    }

    /// The name under which the sender of a received frame was admitted; without a gate, only a claim.
    var user: String? { zmq_msg_gets(handle, "User-Id").map { String(cString: $0) } }

    /// The descriptor of the connection that a received frame came over, or -1.
    var connection: Int32 { zmq_msg_get(handle, ZMQ_SRCFD) }

    /// Whether more frames of the same received message follow.
    var isFollowed: Bool { zmq_msg_more(handle) != 0 }

    /// Queues this frame on a socket; returns 0, or libzmq's error number.
    func send(to socket: UnsafeMutableRawPointer, isFollowed: Bool) -> Int32 {
        var copy = zmq_msg_t()
        return withUnsafeMutablePointer(to: &copy) { copy in
            zmq_msg_init(copy)
            zmq_msg_copy(copy, handle)
            let flags = ZMQ_DONTWAIT | (isFollowed ? ZMQ_SNDMORE : 0)
            while zmq_msg_send(copy, socket, flags) < 0 {
                let code = zmq_errno()
                if code == EINTR { continue }
                zmq_msg_close(copy)
                return code
            }
            return 0
        }
    }

    /// Marks the payload as shared.
    ///
    /// libzmq does so at the first copy of a handle, by writing to the *source* of the copy. Two
    /// threads that send the same new frame at once would race there, so make that first copy now.
    private func seal() {
        var copy = zmq_msg_t()
        withUnsafeMutablePointer(to: &copy) { copy in
            zmq_msg_init(copy)
            zmq_msg_copy(copy, handle)
            zmq_msg_close(copy)
        }
    }
}

/// What a frame keeps that does not own its bytes.
///
/// `@unchecked Sendable`: any thread may release the owner, and nothing else is done with it.
private final class Loan: @unchecked Sendable {
    private let byteCount: Int
    private let owner: AnyObject
    private let use: FrameUse

    init(_ byteCount: Int, of owner: AnyObject, _ use: FrameUse) {
        self.byteCount = byteCount
        self.owner = owner
        self.use = use
        use.add(byteCount)
    }

    deinit { use.remove(byteCount) }

    static func release(_ loan: UnsafeMutableRawPointer?) {
        if let loan { Unmanaged<Loan>.fromOpaque(loan).release() }
    }
}
