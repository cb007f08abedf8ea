import Hashing
import KernelInterface

/// The weights after a step, as float32 little-endian in `state_dict` order.
///
/// Copies share the bytes, so another thread can hash them while training continues with the next
/// weights.
public struct StepWeights: FixedBytes, Equatable {
    private let bytes: any FixedBytes

    /// Shares a block of bytes without a copy.
    public init(sharing bytes: some FixedBytes) {
        self.bytes = bytes
    }

    /// Copies parameters that will change.
    public init(copying parameters: some FloatStorage) {
        bytes = Snapshot(copying: parameters)
    }

    /// No weights, for a report whose weights are not recorded.
    package static var none: Self { Self(sharing: Snapshot([])) }

    /// The number of bytes.
    public var byteCount: Int { withBytes { $0.byteCount } }

    /// Calls `body` with the bytes, which stay valid only until it returns.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withBytes(body)
    }

    /// Whether two steps have equal weights.
    public static func == (left: Self, right: Self) -> Bool {
        left.digest == right.digest
    }

    private var digest: String {
        withBytes { bytes in bytes.withUnsafeBytes { SHA256.hex(of: $0) } }
    }
}
