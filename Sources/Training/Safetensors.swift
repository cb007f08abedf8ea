import FoundationEssentials
import Hashing

/// A file in the safetensors format: named tensors behind a JSON header.
///
///     +----------------+------------------+---------------------------+
///     | header length  | header           | data                      |
///     | 8 bytes, u64le | JSON, that long  | the tensors, end to end   |
///     +----------------+------------------+---------------------------+
///
/// Files that Tern writes carry in their metadata a SHA-256 over the whole file (with zeros in the
/// digest's own place), so that any flipped bit is found but one in the digest's key, which leaves a
/// file without a digest. Such files load too if they are well formed.
public struct Safetensors: Sendable {
    /// What the header says beside the tensors.
    public var metadata: [String: String]
    /// The tensors in the order of their data.
    public private(set) var tensors: [Tensor]
    /// Whether the file was read with a digest, which it then matches.
    public private(set) var isSealed = false
    private var data: [UInt8]

    /// A named tensor of the file.
    public struct Tensor: Sendable, Equatable {
        /// The name.
        public let name: String
        /// The element type, such as `F32`.
        public let type: String
        /// The dimensions.
        public let shape: [Int]
        /// Where the elements lie in the data, in bytes.
        public let range: Range<Int>
    }

    /// A file without tensors.
    public init(metadata: [String: String] = [:]) {
        self.metadata = metadata
        tensors = []
        data = []
    }

    /// Adds a float32 tensor whose elements are the given little-endian bytes.
    public mutating func append(_ name: String, shape: [Int], bytes: RawSpan) {
        let start = data.count
        bytes.withUnsafeBytes { data += $0 }
        tensors.append(Tensor(name: name, type: "F32", shape: shape, range: start..<data.count))
    }

    /// The bytes of a tensor's elements.
    public func bytes(of tensor: Tensor) -> ArraySlice<UInt8> { data[tensor.range] }

    /// The tensor of a name.
    public func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }
}

// MARK: - Writing

extension Safetensors {
    private static let digestKey = "sha256"
    private static let blankDigest = String(repeating: "0", count: 64)

    /// The file's bytes, sealed by a digest.
    public func encoded() -> [UInt8] {
        var header = headerText()
        while header.utf8.count % 8 != 0 { header += " " }
        var bytes: [UInt8] = []
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes += $0 }
        bytes += header.utf8
        bytes += data
        guard let place = Self.digestPlace(in: bytes) else { return bytes }
        bytes.replaceSubrange(place, with: SHA256.hex(of: bytes).utf8)
        return bytes
    }

    private func headerText() -> String {
        var entries: [String] = []
        var metadata = metadata
        metadata[Self.digestKey] = Self.blankDigest
        let pairs = metadata.sorted { $0.key < $1.key }
            .map { "\(quoted($0.key)):\(quoted($0.value))" }
        entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(tensor.range.lowerBound),\(tensor.range.upperBound)]}")
        }
        return "{\(entries.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string always encodes; the fallback only satisfies the type.
        let bytes = (try? encoder.encode(text)) ?? Data("\"\"".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the digest's 64 digits stand in a file's bytes.
    private static func digestPlace(in bytes: [UInt8]) -> Range<Int>? {
        let key = Array("\"\(digestKey)\":\"".utf8)
        guard let headerEnd = headerEnd(of: bytes), headerEnd >= key.count + 72 else { return nil }
        for start in 8...(headerEnd - key.count - 64)
        where bytes[start] == key[0] && bytes[start..<start + key.count].elementsEqual(key) {
            return start + key.count..<start + key.count + 64
        }
        return nil
    }

    private static func headerEnd(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 8 else { return nil }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
        guard length <= UInt64(bytes.count - 8) else { return nil }
        return 8 + Int(length)
    }
}

// MARK: - Reading

extension Safetensors {
    /// Takes a file's bytes apart; nothing is allocated beyond their size.
    public init(parsing bytes: [UInt8], path: String) throws(SafetensorsError) {
        guard bytes.count >= 8 else {
            throw .init(path, "it has \(bytes.count) bytes, fewer than 8")
        }
        guard let end = Self.headerEnd(of: bytes) else {
            throw Self.headerError(of: bytes, path)
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<end]))
        } catch {
            throw .init(path, "its header is not a safetensors header")
        }
        metadata = header.metadata
        tensors = header.tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        data = Array(bytes[end...])
        try checkTensors(path)
        if let digest = metadata.removeValue(forKey: Self.digestKey) {
            try Self.check(digest, of: bytes, path)
            isSealed = true
        }
    }

    /// What to say of a file that does not begin with a header's length.
    private static func headerError(of bytes: [UInt8], _ path: String) -> SafetensorsError {
        let reason = "its header claims more bytes than the file has"
        // A zip archive with a pickle inside, or a bare pickle of protocol 2 or later.
        let isPickle =
            bytes.starts(with: [0x50, 0x4B, 3, 4])
            || bytes.starts(with: [0x80]) && (2...5).contains(bytes[1])
        guard isPickle else { return SafetensorsError(path, reason) }
        return SafetensorsError(
            path, "\(reason), as in a pickle of torch.save",
            remedy: "save the state_dict with safetensors.torch.save_file")
    }

    private func checkTensors(_ path: String) throws(SafetensorsError) {
        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end, tensor.range.upperBound <= data.count else {
                throw .init(
                    path, "the data of \(tensor.name) lies outside the file or over another's")
            }
            guard let size = tensor.byteCount, size == tensor.range.count else {
                throw .init(path, "the data of \(tensor.name) has another size than its shape")
            }
            end = tensor.range.upperBound
        }
        guard end == data.count else {
            throw .init(path, "\(data.count - end) bytes of its data belong to no tensor")
        }
    }

    private static func check(
        _ digest: String, of bytes: [UInt8], _ path: String
    ) throws(SafetensorsError) {
        guard let place = digestPlace(in: bytes), digest.utf8.count == 64 else {
            throw .init(path, "its digest is malformed")
        }
        var blank = bytes
        blank.replaceSubrange(place, with: blankDigest.utf8)
        guard SHA256.hex(of: blank) == digest else {
            throw .init(path, "its content does not match its SHA-256 digest")
        }
    }

    private struct Header: Decodable {
        var metadata: [String: String] = [:]
        var tensors: [Tensor] = []

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        private struct Entry: Decodable {
            let dtype: String
            let shape: [Int]
            let offsets: [Int]

            enum CodingKeys: String, CodingKey {
                case dtype, shape
                case offsets = "data_offsets"
            }
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            for key in values.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try values.decode([String: String].self, forKey: key)
                    continue
                }
                let entry = try values.decode(Entry.self, forKey: key)
                guard entry.offsets.count == 2, let low = entry.offsets.first,
                    let high = entry.offsets.last, low >= 0, low <= high
                else {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: values, debugDescription: "bad offsets")
                }
                tensors.append(
                    Tensor(
                        name: key.stringValue, type: entry.dtype, shape: entry.shape,
                        range: low..<high))
            }
        }
    }
}

extension Safetensors.Tensor {
    private static let elementSizes = [
        "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
        "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    ]

    /// The size that type and shape ask for; nil for an unknown type or an impossible shape.
    fileprivate var byteCount: Int? {
        guard var size = Self.elementSizes[type] else { return nil }
        for dimension in shape {
            let product = size.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !product.overflow else { return nil }
            size = product.partialValue
        }
        return size
    }
}

/// A file that is not a whole safetensors file, or has other tensors than those looked for.
public struct SafetensorsError: Error, CustomStringConvertible, Equatable {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String
    private let verdict: String
    private let remedy: String

    /// The error of a file that is not whole.
    init(_ path: String, _ reason: String, remedy: String = "use another copy") {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "is damaged or no safetensors file"
    }

    /// The error of a whole file that is of no use here.
    init(_ path: String, unfit reason: String, remedy: String) {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "does not fit"
    }

    /// One line that says what is wrong and what to do.
    public var description: String { "\(path) \(verdict): \(reason); \(remedy)" }
}
