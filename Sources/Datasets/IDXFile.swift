import FileFormats
import Glibc
import KernelInterface

/// What a file in the IDX format must hold.
public enum IDXContent: Sendable {
    /// Unsigned bytes in one dimension.
    case labels
    /// Unsigned bytes or float32 values in two dimensions (count, time steps of one value) or in three
    /// (count, rows, columns).
    case examples

    /// The possible numbers of dimensions.
    var ranks: ClosedRange<Int> {
        switch self {
        case .labels: 1...1
        case .examples: 2...3
        }
    }

    /// The possible types, by their byte in the header.
    var types: [UInt8: ElementType] {
        switch self {
        case .labels: [0x08: .uint8]
        case .examples: [0x08: .uint8, 0x0d: .float32]
        }
    }
}

/// NumPy's names of all IDX types, by their byte in the header.
private let typeNames: [UInt8: String] = [
    0x08: "uint8", 0x09: "int8", 0x0b: "int16", 0x0c: "int32", 0x0d: "float32", 0x0e: "float64",
]

/// One file in the IDX format, checked to the last byte.
///
///      0     1      2      3     4            4 + 4 rank
///     +-----+-----+------+------+-- ... ------+-- ... ---------------+
///     |  0  |  0  | type | rank | dimensions  | elements, row-major  |
///     +-----+-----+------+------+-- ... ------+-- ... ---------------+
///             0x08 or 0x0d        UInt32, big-endian, as the elements are
struct IDXFile: Sendable {
    let path: String
    /// The type of the elements.
    let element: ElementType
    /// Each is above 0: the count, then the sizes of an example.
    let dimensions: [Int]
    /// The bytes of as many elements as the product of the dimensions, little-endian.
    private(set) var elements: [UInt8]
    /// SHA-256 of the unpacked file, header included.
    let checksum: String
    /// What was ignored, if the file can be used; nil if nothing.
    let warning: String?

    /// The shape of an example; in a file with two dimensions, a time step has one value.
    var exampleShape: ExampleShape {
        ExampleShape(
            rows: dimensions[1], columns: dimensions.count > 2 ? dimensions[2] : 1,
            element: element)
    }

    /// Reads a file that must hold labels, or examples.
    init(path: String, content: IDXContent) throws(DatasetError) {
        var file = try UnpackedFile(path: path)
        (element, dimensions) = try readHeader(of: &file, content)
        let count = try byteCount(dimensions, of: element, path: path)

        // The header is not trusted with memory: beyond a generous ratio to the size on disk, the array
        // grows only as the file really delivers bytes.
        elements = []
        elements.reserveCapacity(16 * min(count / 16, file.packedSize))
        try file.read(count, into: &elements)
        let headerSize = 4 + 4 * dimensions.count
        guard elements.count == count else {
            throw .truncated(
                file: path, expected: headerSize + count, actual: headerSize + elements.count)
        }
        // Asking for one more byte also makes zlib check the sum at the end of the gzip data.
        var beyond: [UInt8] = []
        try file.read(1, into: &beyond)
        guard beyond.isEmpty else { throw .trailingBytes(file: path, expected: headerSize + count) }

        self.path = path
        self.warning = file.warning
        self.checksum = file.checksum()
        if element == .float32 { turnFloats() }
        if content == .examples { try requireFinite(elements, shape: exampleShape, file: path) }
    }

    /// Makes the big-endian floats little-endian.
    private mutating func turnFloats() {
        for first in stride(from: 0, to: elements.count, by: 4) {
            elements.swapAt(first, first + 3)
            elements.swapAt(first + 1, first + 2)
        }
    }
}

/// Throws if a little-endian float32 value of the examples is infinite or not a number.
func requireFinite(_ values: [UInt8], shape: ExampleShape, file: String) throws(DatasetError) {
    guard shape.element == .float32 else { return }
    for first in stride(from: 0, to: values.count, by: 4) {
        // Infinities and NaN have all bits of the exponent set.
        guard values[first + 3] & 0x7f == 0x7f, values[first + 2] & 0x80 != 0 else { continue }
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(values[first + $1]) << (8 * $1) }
        let place = first / 4 % (shape.rows * shape.columns)
        throw .notFinite(
            file: file, value: "\(Float(bitPattern: bits))", example: first / shape.byteCount,
            row: place / shape.columns, column: place % shape.columns)
    }
}

private func readHeader(
    of file: inout UnpackedFile, _ content: IDXContent
) throws(DatasetError) -> (ElementType, dimensions: [Int]) {
    var magic: [UInt8] = []
    try file.read(4, into: &magic)
    let mostDimensions = content.ranks.upperBound
    if magic.count < 4, [0, 0, 0x08, UInt8(mostDimensions)].starts(with: magic) {
        throw .truncated(file: file.path, expected: 4 + 4 * mostDimensions, actual: magic.count)
    }
    guard magic.count == 4, magic.starts(with: [0, 0]), let name = typeNames[magic[2]],
        case let rank = Int(magic[3]), (1...8).contains(rank)
    else {
        var head = magic
        try file.read(FileFormat.headSize - magic.count, into: &head)
        if let format = FileFormat(of: head), !magic.starts(with: [0, 0]) {
            throw .otherFormat(file: file.path, format)
        }
        throw .wrongMagic(file: file.path, found: magic, content)
    }
    // A complete IDX file, but not one that can be used as it is.
    guard let type = content.types[magic[2]] else {
        throw .otherType(file: file.path, type: name, content)
    }
    guard content.ranks.contains(rank) else {
        throw .otherDimensions(file: file.path, dimensions: rank, content)
    }
    let size = 4 * rank
    var sizes: [UInt8] = []
    try file.read(size, into: &sizes)
    guard sizes.count == size else {
        throw .truncated(file: file.path, expected: 4 + size, actual: 4 + sizes.count)
    }
    let dimensions = stride(from: 0, to: size, by: 4).map { first in
        sizes[first..<first + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    return (type, dimensions)
}

/// The bytes of all elements, if the dimensions are valid and fit into memory.
private func byteCount(
    _ dimensions: [Int], of element: ElementType, path: String
) throws(DatasetError) -> Int {
    for (dimension, name) in zip(dimensions, ["count", "rows", "columns"]) where dimension == 0 {
        throw .emptyDimension(file: path, dimension: name)
    }
    // A quarter, because a growing array takes twice its size for a moment, and shards are copies.
    let limit = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
    var count = element.size
    for dimension in dimensions {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard !overflow, product <= limit else {
            let factors = element.size > 1 ? dimensions + [element.size] : dimensions
            throw .tooLarge(file: path, dimensions: factors)
        }
        count = product
    }
    return count
}
