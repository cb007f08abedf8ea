import Hashing
import KernelInterface
import RunEvents

/// The hash of the weights that a record holds for each step; its heading names it.
public enum RecordFormat: String, CaseIterable, Encodable, Sendable {
    /// SHA-256, all 256 bits: nobody can construct other weights with the same hash.
    ///
    /// So a step's hash is the `weights_sha256` of a run that ends with it, and any tool can compute it.
    case sha256
    /// XXH3-64, written by older versions of Tern: it detects damage, but anyone can construct other weights
    /// with the same hash.
    case xxh3 = "xxh3-64"

    /// The first line of the record, without its end.
    public var heading: [UInt8] {
        switch self {
        case .sha256: Array("step,epoch,first,end,weights_sha256".utf8)
        case .xxh3: Array("step,epoch,first,end,weights".utf8)
        }
    }

    /// The format that a record's first line names; nil if it names none.
    public init?(heading line: ArraySlice<UInt8>) {
        guard let format = Self.allCases.first(where: { $0.heading.elementsEqual(line) }) else {
            return nil
        }
        self = format
    }

    /// The length of a hash in bytes.
    public var byteCount: Int {
        switch self {
        case .sha256: 32
        case .xxh3: 8
        }
    }

    /// The hash of weights as float32 little-endian, the most significant byte first.
    public func sum(of bytes: RawSpan) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in
            switch self {
            case .sha256:
                var sum = SHA256()
                sum.update(bytes)
                return sum.finalize()
            case .xxh3:
                return withUnsafeBytes(of: XXH3.hash64(bytes).bigEndian) { Array($0) }
            }
        }
    }

    /// The hash of parameters.
    public func sum(of parameters: some FloatStorage) -> [UInt8] {
        parameters.withBytes { sum(of: $0) }
    }

    /// The hash of the weights after a step.
    public func sum(of weights: StepWeights) -> [UInt8] {
        weights.withBytes { sum(of: $0) }
    }
}
