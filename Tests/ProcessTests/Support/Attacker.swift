import Protocol
import ZeroMQ

/// A malicious peer that uses Tern's protocol: real messages over real sockets.
actor Attacker {
    nonisolated let thread = EventLoop(name: "attacker")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let endpoint: String
    private let encryption: Encryption?
    private let context = Context()
    private var sockets: [Socket] = []
    private var offers = 0
    /// The run that the coordinator's welcome named.
    private(set) var run = RunID.unknown

    /// Runs `body` with an attacker of the coordinator at `endpoint`, and closes it afterwards.
    ///
    /// - Parameter encryption: a stolen credential, if any.
    static func with(
        _ endpoint: String, having encryption: Encryption? = nil,
        _ body: (Attacker) async throws -> Void
    ) async throws {
        let attacker = Attacker(endpoint, encryption)
        let result: Result<Void, any Error>
        do {
            try await attacker.open()
            result = .success(try await body(attacker))
        } catch {
            result = .failure(error)
        }
        await attacker.close()
        await attacker.context.terminate()
        await attacker.thread.stop()
        try result.get()
    }

    private init(_ endpoint: String, _ encryption: Encryption?) {
        self.endpoint = endpoint
        self.encryption = encryption
    }

    private func open() throws { sockets.append(try dial()) }

    private func dial() throws -> Socket {
        var options = SocketOptions()
        options.sendHighWaterMark = 1000
        options.reconnectInterval = .milliseconds(1)
        options.encryption = encryption
        let socket = try Socket(context, .dealer, options, on: thread)
        try socket.connect(endpoint)
        return socket
    }

    private func close() {
        for socket in sockets { socket.close(lingering: .milliseconds(100)) }
        sockets = []
    }

    /// Opens more connections, up to `count`; offers then use them in turn.
    func multiply(by count: Int) throws {
        while sockets.count < count { try open() }
    }

    /// Closes all connections and opens a new one, so that the coordinator cannot recognise the peer.
    func reconnect() throws {
        close()
        try open()
    }

    // MARK: - Sending

    func send(_ message: WorkerMessage, run: RunID? = nil, _ payload: [UInt8]...) async throws {
        let frames = [message.header(run: run ?? self.run)] + payload
        try await send(frames: frames)
    }

    /// Sends frames, and waits while the queue is full.
    func send(frames: [[UInt8]]) async throws {
        let frames = frames.map { Frame($0) }
        let start = ContinuousClock.now
        while sockets.first?.send(frames) != .sent {
            // libzmq notices a closed connection only after its received data is read.
            while sockets.first?.receive() != nil {}
            try await pause("room to send", since: start)
        }
    }

    /// Sends a message if there is room: if the peer reads nothing, there may never be room again.
    func offer(_ message: WorkerMessage, _ payload: [UInt8]...) {
        offers += 1
        let frames = ([message.header(run: run)] + payload).map { Frame($0) }
        _ = sockets[offers % sockets.count].send(frames)
    }

    /// Sends frames if there is room.
    func offer(frames: [[UInt8]]) { _ = sockets.first?.send(frames.map { Frame($0) }) }

    private func pause(
        _ what: String, since start: ContinuousClock.Instant, within limit: Duration = patience
    ) async throws {
        guard .now - start < limit else {
            throw TestFailure(description: "the attacker waited in vain: \(what)")
        }
        try await Task.sleep(for: .milliseconds(1))
    }

    // MARK: - Receiving

    /// Introduces itself until it is welcomed.
    func join(_ hello: Hello? = nil) async throws {
        run = try await introduce(hello ?? self.hello(), until: "a welcome") { message, run in
            if case .welcome = message { run } else { nil }
        }
    }

    /// Introduces itself every second, like a worker, until it gets an answer.
    func introduce<Result: Sendable>(
        _ hello: Hello, until what: String,
        _ pick: @Sendable (CoordinatorMessage, RunID) -> Result?
    ) async throws -> Result {
        let start = ContinuousClock.now
        while true {
            try await send(.hello(hello))
            if let result = try? await answer(what, within: .seconds(1), pick) { return result }
            try await pause(what, since: start)
        }
    }

    /// Reports that it has all assigned data, until it gets work.
    func work() async throws -> WorkHeader {
        while true {
            let (range, work) = try await answer("work") {
                message, _ -> (SlotRanges?, WorkHeader?)? in
                switch message {
                case .assign(let range): (range, nil)
                case .weights(let work): (nil, work)
                default: nil
                }
            }
            if let work { return work }
            if let range { try await send(.ready(range)) }
        }
    }

    func hello(_ name: String = "evil", identity: String? = nil) -> Hello {
        Hello(host: name, pid: 1, lanes: 1, kernels: "none", identity: identity)
    }

    /// Waits for a message for which `pick` returns a value, and skips all earlier ones.
    func answer<Result: Sendable>(
        _ what: String, within limit: Duration = patience,
        _ pick: @Sendable (CoordinatorMessage, RunID) -> Result?
    ) async throws -> Result {
        let start = ContinuousClock.now
        while true {
            while case .message(let message)? = sockets.first?.receive() {
                if let (decoded, run) = try? CoordinatorMessage.decode(message.frames[0].allBytes),
                    let result = pick(decoded, run)
                {
                    return result
                }
            }
            try await pause(what, since: start, within: limit)
        }
    }
}

extension Frame {
    fileprivate var allBytes: [UInt8] { withBytes { $0.withUnsafeBytes { Array($0) } } }
}
