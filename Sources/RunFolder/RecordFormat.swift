import Hashing
import KernelInterface
import RunEvents

/// By which sum a record tells the weights after a step; its heading names it.
public enum RecordFormat: String, CaseIterable, Encodable, Sendable {
    /// SHA-256, all 256 bits: no one can make other weights of the same sum.
    ///
    /// So a step's sum is the `weights_sha256` of a run that ends with it, and any tool can compute it.
    case sha256
    /// XXH3-64, as older versions of Tern wrote it: it finds damage, but anyone can make other weights of
    /// the same sum.
    case xxh3 = "xxh3-64"

    /// The record's first line, without its end.
    public var heading: [UInt8] {
        switch self {
        case .sha256: Array("step,epoch,first,end,weights_sha256".utf8)
        case .xxh3: Array("step,epoch,first,end,weights".utf8)
        }
    }

    /// The format that a record's first line names; nil where it names none.
    public init?(heading line: ArraySlice<UInt8>) {
        guard let format = Self.allCases.first(where: { $0.heading.elementsEqual(line) }) else {
            return nil
        }
        self = format
    }

    /// The bytes of a sum.
    public var byteCount: Int {
        switch self {
        case .sha256: 32
        case .xxh3: 8
        }
    }

    /// The sum of weights as float32 little-endian, the most significant byte first.
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

    /// The sum of parameters.
    public func sum(of parameters: some FloatStorage) -> [UInt8] {
        parameters.withBytes { sum(of: $0) }
    }

    /// The sum of the weights after a step.
    public func sum(of weights: StepWeights) -> [UInt8] {
        weights.withBytes { sum(of: $0) }
    }
}
