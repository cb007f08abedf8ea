import Hashing
import KernelInterface

/// The weights after a step, as float32 little-endian in `state_dict` order.
///
/// Copies share the bytes: whoever records a step can add them up on another thread, while training
/// goes on with the weights of the next.
public struct StepWeights: FixedBytes, Equatable {
    private let bytes: any FixedBytes

    /// The weights in a block of bytes that is not copied.
    public init(sharing bytes: some FixedBytes) {
        self.bytes = bytes
    }

    /// A copy of parameters that will change.
    public init(copying parameters: some FloatStorage) {
        bytes = Snapshot(copying: parameters)
    }

    /// No weights, for a report whose weights nobody records.
    package static var none: Self { Self(sharing: Snapshot([])) }

    /// How many bytes they are.
    public var byteCount: Int { withBytes { $0.byteCount } }

    /// Calls `body` with the bytes, which stay valid only until it returns.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(body)
    }

    /// Whether two steps have the same weights.
    public static func == (left: Self, right: Self) -> Bool {
        left.digest == right.digest
    }

    private var digest: String {
        withBytes { bytes in bytes.withUnsafeBytes { SHA256.hex(of: $0) } }
    }
}
