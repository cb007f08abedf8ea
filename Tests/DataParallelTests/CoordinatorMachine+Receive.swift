import DataParallel
import Protocol

extension CoordinatorMachine {
    /// A message has come whose payload, if it has any, is compared with nothing.
    mutating func receive(
        _ message: WorkerMessage, from peer: Peer, now: Duration
    ) -> [CoordinatorEffect<Peer>] {
        receive(message, digest: { PayloadDigest([]) }, from: peer, now: now)
    }
}

extension PayloadDigest {
    /// The digest of some bytes.
    init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { Self($0) } }
}
