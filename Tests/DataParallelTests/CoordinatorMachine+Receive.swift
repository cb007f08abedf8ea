import DataParallel
import Protocol

extension CoordinatorMachine {
    /// Receives a message whose payload, if any, is finite and is compared with nothing.
    mutating func receive(
        _ message: WorkerMessage, from peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        decide(message, from: peer, now: now).effects
    }

    /// Decides about a message: whether it is a sum to add, and what follows.
    mutating func decide(
        _ message: WorkerMessage, digest: () -> PayloadDigest = { PayloadDigest([]) },
        from peer: Peer, now: Duration
    ) -> (isAdded: Bool, effects: [CoordinatorEffect<Peer>]) {
        guard case .partialSum(let sum) = message else {
            return (false, receive(message, from: peer, caller: nil, now: now))
        }
        switch receive(sum, isFinite: true, digest: digest, from: peer, now: now) {
        case .add(let effects): return (true, effects)
        case .ignore(let effects): return (false, effects)
        }
    }
}

extension PayloadDigest {
    /// The digest of some bytes.
    init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { Self($0) } }
}
