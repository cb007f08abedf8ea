import CZeroMQ
import Glibc
import ZeroMQ

/// The messages of a synchronous round over bare libzmq, as a C program would send them.
///
/// A router sends the weights to each dealer, in one shared payload, and waits for the same number
/// of bytes from each. Each peer has its own context and thread, as if it were a process.
struct BareRounds: Sendable {
    let peers: Int
    /// The bytes of the weights, and of the gradients.
    let payload: Int
    let rounds: Int
    let endpoint: String

    // The header sizes of Tern's messages with weights and gradients.
    private static let weightsHeader = 40
    private static let gradientsHeader = 56

    /// Makes the rounds and returns the microseconds of each.
    func run() async throws(BenchmarkError) -> [Double] {
        let result = await withCheckedContinuation { continuation in
            let thread = NativeThread.start(name: "tern-bare") {
                continuation.resume(returning: Result { () throws(BenchmarkError) in try route() })
            }
            pthread_detach(thread)
        }
        return try result.get()
    }

    // MARK: - The router

    private func route() throws(BenchmarkError) -> [Double] {
        let router = BareSocket(ZMQ_ROUTER)
        defer { router.close() }
        try router.bind(endpoint)
        let dealers = (0..<peers).map { index in
            NativeThread.start(name: "tern-bare-\(index)") { deal() }
        }
        defer { for dealer in dealers { pthread_join(dealer, nil) } }
        // Each dealer sends a first message, so that the router learns its identity.
        let identities = (0..<peers).map { _ in
            let identity = router.receive()
            router.receive().close()
            return identity
        }
        let weights = [UInt8](repeating: 1, count: payload)
        let times = (0..<rounds).map { _ in
            let start = ContinuousClock.now
            round(router, identities, weights)
            return (ContinuousClock.now - start).microseconds
        }
        for identity in identities {
            router.send(copyOf: identity, isFollowed: true)
            router.send(BareMessage([]), isFollowed: false)
            identity.close()
        }
        return times
    }

    private func round(_ router: BareSocket, _ identities: [BareMessage], _ weights: [UInt8]) {
        let shared = BareMessage(weights)
        for identity in identities {
            router.send(copyOf: identity, isFollowed: true)
            router.send(
                BareMessage([UInt8](repeating: 2, count: Self.weightsHeader)), isFollowed: true)
            router.send(copyOf: shared, isFollowed: false)
        }
        shared.close()
        for _ in identities {
            for _ in 0..<3 { router.receive().close() }
        }
    }

    // MARK: - A dealer

    private func deal() {
        let dealer = BareSocket(ZMQ_DEALER)
        defer { dealer.close() }
        dealer.connect(endpoint)
        dealer.send(BareMessage([0]), isFollowed: false)
        let gradients = [UInt8](repeating: 3, count: payload)
        while true {
            let header = dealer.receive()
            defer { header.close() }
            guard header.count > 0 else { return }
            dealer.receive().close()
            dealer.send(
                BareMessage([UInt8](repeating: 4, count: Self.gradientsHeader)), isFollowed: true)
            dealer.send(BareMessage(gradients), isFollowed: false)
        }
    }
}

/// A libzmq socket with its own context, used on the thread that made it.
///
/// Except for binding, a call fails only for lack of memory or because of a bug in this file.
private struct BareSocket {
    private let context: UnsafeMutableRawPointer
    private let raw: UnsafeMutableRawPointer

    init(_ type: Int32) {
        guard let context = zmq_ctx_new(), let raw = zmq_socket(context, type) else {
            // Like ``Context``: out of memory or descriptors, so a measurement is impossible.
            fatalError("libzmq is out of resources")
        }
        self.context = context
        self.raw = raw
    }

    func bind(_ endpoint: String) throws(BenchmarkError) {
        guard zmq_bind(raw, endpoint) == 0 else {
            throw .libzmq(
                call: "zmq_bind \(endpoint)", reason: String(cString: zmq_strerror(zmq_errno())))
        }
    }

    func connect(_ endpoint: String) { call("zmq_connect") { zmq_connect(raw, endpoint) } }

    /// Sends a message and frees it.
    func send(_ message: BareMessage, isFollowed: Bool) {
        call("zmq_msg_send") { zmq_msg_send(message.raw, raw, isFollowed ? ZMQ_SNDMORE : 0) }
        message.free()
    }

    func send(copyOf message: BareMessage, isFollowed: Bool) {
        let copy = BareMessage()
        call("zmq_msg_copy") { zmq_msg_copy(copy.raw, message.raw) }
        send(copy, isFollowed: isFollowed)
    }

    func receive() -> BareMessage {
        let message = BareMessage()
        call("zmq_msg_recv") { zmq_msg_recv(message.raw, raw, 0) }
        return message
    }

    /// Sends what is queued, and closes socket and context.
    func close() {
        zmq_close(raw)
        while zmq_ctx_term(context) != 0 && zmq_errno() == EINTR {}
    }

    /// Makes a call, and repeats it if a signal interrupts it.
    private func call(_ name: String, _ body: () -> Int32) {
        while body() < 0 {
            let code = zmq_errno()
            precondition(code == EINTR, "\(name): \(String(cString: zmq_strerror(code)))")
        }
    }
}

/// A libzmq message, freed manually.
private struct BareMessage {
    let raw = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)

    /// An empty message, to receive or copy into.
    init() { zmq_msg_init(raw) }

    /// A message with a copy of bytes.
    init(_ bytes: [UInt8]) {
        zmq_msg_init_size(raw, bytes.count)
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: bytes.count)
                .copyMemory(from: source)
        }
    }

    var count: Int { zmq_msg_size(raw) }

    /// Frees the message and its bytes.
    func close() {
        zmq_msg_close(raw)
        free()
    }

    /// Frees only the handle.
    func free() { raw.deallocate() }
}
