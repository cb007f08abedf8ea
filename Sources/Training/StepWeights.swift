import KernelInterface

/// The weights after a step, as float32 little-endian in `state_dict` order.
///
/// Copies share the bytes: whoever records a step can add them up on another thread, while training
/// goes on with the weights of the next.
public struct StepWeights: Sendable, Equatable {
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
    public var byteCount: Int { bytes.withBytes { $0.byteCount } }

    /// What a record of a format says of them.
    public func sum(_ format: RecordFormat) -> [UInt8] {
        bytes.withBytes { format.sum(of: $0) }
    }

    /// Whether two steps have the same weights.
    public static func == (left: Self, right: Self) -> Bool {
        left.sum(.sha256) == right.sum(.sha256)
    }
}

extension Snapshot: FixedBytes {}
