import Protocol
import TestSupport
import ZeroMQ

/// Sits between a worker and its coordinator, and replaces gradients by others with the same checksum.
actor Forger {
    nonisolated let thread = EventLoop(name: "forger")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let context = Context()
    private var ofWorker: Socket?
    private var ofCoordinator: Socket?
    private var worker: PeerIdentity?
    private var sums = 0
    /// The number of replaced sums.
    private(set) var forgeries = 0

    /// Runs `body` with a forger for the coordinator at `endpoint`, and with the forger's endpoint for workers.
    static func with(
        _ endpoint: String, _ body: (Forger, String) async throws -> Void
    ) async throws {
        let forger = Forger()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(forger, forger.open(endpoint)))
        } catch {
            result = .failure(error)
        }
        await forger.close()
        await forger.context.terminate()
        await forger.thread.stop()
        try result.get()
    }

    private func open(_ endpoint: String) throws -> String {
        let front = try Socket(context, .router, SocketOptions(), on: thread)
        let back = try Socket(context, .dealer, SocketOptions(), on: thread)
        (ofWorker, ofCoordinator) = (front, back)
        thread.attach(front) { self.assumeIsolated { $0.forward() } }
        thread.attach(back) { self.assumeIsolated { $0.comeBack() } }
        try back.connect(endpoint)
        return try front.bind("tcp://127.0.0.1:*")
    }

    private func close() {
        ofWorker?.close()
        ofCoordinator?.close()
    }

    private func forward() {
        while case .message(let message)? = ofWorker?.receive() {
            worker = message.sender
            _ = ofCoordinator?.send(forged(message.frames))
        }
    }

    private func comeBack() {
        while case .message(let message)? = ofCoordinator?.receive() {
            guard let worker else { continue }
            _ = ofWorker?.send(message.frames, to: worker)
        }
    }

    /// The frames, with other gradients in every tenth sum.
    private func forged(_ frames: [Frame]) -> [Frame] {
        guard frames.count == 2,
            case (.partialSum, _)? = try? WorkerMessage.decode(frames[0].content)
        else { return frames }
        sums += 1
        let bytes = frames[1].content
        var words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
        guard sums % 10 == 0, Collision.change(&words) else { return frames }
        forgeries += 1
        let rest = bytes.suffix(bytes.count % 8)
        return [frames[0], Frame(words.withUnsafeBytes { Array($0) } + rest)]
    }
}

extension Frame {
    fileprivate var content: [UInt8] { withBytes { $0.withUnsafeBytes { Array($0) } } }
}
