import FileFormats
import Files
import FoundationEssentials
import Hashing
import KernelInterface

/// A file in the safetensors format: a JSON header, then named tensors.
///
///     +----------------+------------------+---------------------------+
///     | header length  | header           | data                      |
///     | 8 bytes, u64le | JSON, that long  | the tensors, end to end   |
///     +----------------+------------------+---------------------------+
///
/// Files that Tern writes carry a SHA-256 over the whole file in their metadata (with zeros in the
/// digest's own place). It detects every flipped bit, except one in the digest's key: such a file
/// seems to have no digest. Well-formed files without a digest load too.
public struct Safetensors: Sendable {
    /// The header's entries besides the tensors.
    public var metadata: [String: String]
    /// The tensors in the order of their data.
    public private(set) var tensors: [Tensor]
    /// Whether the file had a digest; it then matches.
    public private(set) var isSealed = false
    /// The data, end to end: a piece holds one tensor or several.
    private var pieces: [Piece]

    /// A part of the data, which is not copied until it is written.
    private enum Piece: Sendable {
        case bytes(ArraySlice<UInt8>)
        case values(Snapshot)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .values(let values): 4 * values.count
            }
        }

        func withBytes<Result, Failure: Error>(
            _ body: (RawSpan) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            switch self {
            case .bytes(let bytes): try body(bytes.span.bytes)
            case .values(let values): try values.withBytes(body)
            }
        }
    }

    /// A named tensor of the file.
    public struct Tensor: Sendable, Equatable {
        /// The name.
        public let name: String
        /// The element type, such as `F32`.
        public let type: String
        /// The dimensions.
        public let shape: [Int]
        /// The byte range of the elements in the data.
        public let range: Range<Int>
    }

    /// A file without tensors.
    public init(metadata: [String: String] = [:]) {
        self.metadata = metadata
        tensors = []
        pieces = []
    }

    /// Adds a float32 tensor whose elements are the given little-endian bytes.
    public mutating func append(_ name: String, shape: [Int], bytes: RawSpan) {
        add(name, shape, byteCount: bytes.byteCount, at: byteCount)
        pieces.append(.bytes(bytes.withUnsafeBytes { ArraySlice($0) }))
    }

    /// Adds values that are the elements of several float32 tensors, end to end.
    ///
    /// - Parameter tensors: their names, shapes and numbers of elements.
    mutating func append(
        _ values: Snapshot, _ tensors: [(name: String, shape: [Int], count: Int)]
    ) {
        var place = byteCount
        for tensor in tensors {
            add(tensor.name, tensor.shape, byteCount: 4 * tensor.count, at: place)
            place += 4 * tensor.count
        }
        pieces.append(.values(values))
        precondition(place == byteCount, "the tensors have all values")
    }

    private mutating func add(_ name: String, _ shape: [Int], byteCount: Int, at place: Int) {
        tensors.append(
            Tensor(name: name, type: "F32", shape: shape, range: place..<place + byteCount))
    }

    /// The number of bytes of the data.
    private var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

    /// Renames the tensors.
    public mutating func rename(_ name: (String) -> String) {
        tensors = tensors.map { tensor in
            Tensor(
                name: name(tensor.name), type: tensor.type, shape: tensor.shape,
                range: tensor.range)
        }
    }

    /// The bytes of a tensor's elements.
    public func bytes(of tensor: Tensor) -> ArraySlice<UInt8> {
        var start = 0
        for piece in pieces where !tensor.range.isEmpty {
            let range = tensor.range.lowerBound - start..<tensor.range.upperBound - start
            start += piece.count
            guard range.lowerBound < piece.count else { continue }
            switch piece {
            case .bytes(let bytes):
                return bytes.dropFirst(range.lowerBound).prefix(range.count)
            case .values(let values):
                return values.withBytes { bytes in
                    bytes.extracting(range).withUnsafeBytes { ArraySlice($0) }
                }
            }
        }
        return []
    }

    /// The tensor of a name.
    public func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }
}

// MARK: - Writing

extension Safetensors {
    private static let digestKey = "sha256"
    private static let blankDigest = String(repeating: "0", count: 64)

    /// The bytes of the file, with a digest.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        write { part in part.withUnsafeBytes { bytes += $0 } }
        return bytes
    }

    /// Writes the file, with a digest, part by part: a checkpoint of large weights is never copied as a whole.
    public func write<Failure: Error>(
        _ sink: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        let head = sealedHead()
        try sink(head.span.bytes)
        for piece in pieces { try piece.withBytes(sink) }
    }

    /// The header's length and the header, with the digest.
    private func sealedHead() -> [UInt8] {
        var header = headerText()
        while header.utf8.count % 8 != 0 { header += " " }
        var head: [UInt8] = []
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { head += $0 }
        head += header.utf8
        guard let place = Self.digestPlace(in: head) else { return head }
        var digest = SHA256()
        head.withUnsafeBytes { digest.update($0) }
        for piece in pieces {
            piece.withBytes { bytes in bytes.withUnsafeBytes { digest.update($0) } }
        }
        head.replaceSubrange(place, with: digest.finalizeHex().utf8)
        return head
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
        // A string always encodes; the fallback only satisfies the type checker.
        let bytes = (try? encoder.encode(text)) ?? Data("\"\"".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The range of the digest's 64 digits in a file's bytes, or in those up to the header's end.
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
    /// Parses a file's bytes; allocates no more than their size.
    public init(parsing bytes: [UInt8], path: String) throws(SafetensorsError) {
        guard bytes.count >= 8 else {
            throw Self.noHeader(in: bytes, path, "it has \(bytes.count) bytes, fewer than 8")
        }
        guard let end = Self.headerEnd(of: bytes) else {
            throw Self.noHeader(in: bytes, path, "its header claims more bytes than the file has")
        }
        guard end - 8 <= SafetensorsHeader.mostBytes else {
            throw .init(path, "its header has \(end - 8) bytes, more than the format's 100 million")
        }
        let header: SafetensorsHeader
        do {
            header = try SafetensorsHeader(parsing: bytes[8..<end])
        } catch {
            throw Self.noHeader(
                in: bytes, path,
                "its header is not a safetensors header: at byte \(8 + error.place) \(error.reason)"
            )
        }
        metadata = header.metadata
        tensors = header.tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        pieces = [.bytes(bytes[end...])]
        try checkTensors(path)
        if let digest = metadata.removeValue(forKey: Self.digestKey) {
            try Self.check(digest, of: bytes, path)
            isSealed = true
        }
    }

    /// The error for a file without a readable header; names the file's format if it is recognized.
    private static func noHeader(
        in bytes: [UInt8], _ path: String, _ reason: String
    ) -> SafetensorsError {
        guard !bytes.isEmpty, let format = FileFormat(of: bytes), format != .safetensors else {
            return SafetensorsError(path, reason)
        }
        return SafetensorsError(path, format)
    }

    private func checkTensors(_ path: String) throws(SafetensorsError) {
        let count = byteCount
        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end, tensor.range.upperBound <= count else {
                throw .init(
                    path,
                    "the data of \(tensor.name) lies outside the file or overlaps another tensor")
            }
            guard tensor.elementBits != nil else {
                throw .init(
                    path,
                    unfit: "its tensor \(tensor.name) is of a type that Tern does not know, "
                        + tensor.type,
                    remedy: "save the float32 tensors of the model alone")
            }
            guard let size = tensor.byteCount, size == tensor.range.count else {
                throw .init(path, "the data of \(tensor.name) does not have the size of its shape")
            }
            end = tensor.range.upperBound
        }
        guard end == count else {
            throw .init(path, "\(count - end) bytes of its data belong to no tensor")
        }
    }

    private static func check(
        _ digest: String, of bytes: [UInt8], _ path: String
    ) throws(SafetensorsError) {
        guard let place = digestPlace(in: bytes), digest.utf8.count == 64 else {
            throw .init(path, "its digest is malformed")
        }
        var sum = SHA256()
        let parts = [
            bytes[..<place.lowerBound], Array(blankDigest.utf8)[...],
            bytes[place.upperBound...],
        ]
        for part in parts { part.withUnsafeBytes { sum.update($0) } }
        guard sum.finalizeHex() == digest else {
            throw .init(path, "its content does not match its SHA-256 digest")
        }
    }
}

extension Safetensors.Tensor {
    private static let bits = [
        "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
        "BF16": 16, "I16": 16, "U16": 16, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I8": 8, "U8": 8, "BOOL": 8, "F6_E2M3": 6,
        "F6_E3M2": 6, "F4": 4,
    ]

    /// The bits per element; nil for a type that the format lacks.
    fileprivate var elementBits: Int? { Self.bits[type] }

    /// The size in bytes by type and shape; nil for an unknown type or an impossible shape.
    fileprivate var byteCount: Int? {
        guard var size = elementBits else { return nil }
        for dimension in shape {
            let product = size.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !product.overflow else { return nil }
            size = product.partialValue
        }
        return size % 8 == 0 ? size / 8 : nil
    }
}
