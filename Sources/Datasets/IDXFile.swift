import Glibc

/// One file of unsigned bytes in the IDX format, checked to the last byte.
///
///      0     1      2      3     4            4 + 4 rank
///     +-----+-----+------+------+-- ... ------+-- ... ---------------+
///     |  0  |  0  | type | rank | dimensions  | elements, row-major  |
///     +-----+-----+------+------+-- ... ------+-- ... ---------------+
///                  0x08           UInt32, big-endian
struct IDXFile: Sendable {
    let path: String
    /// Each above 0: the count, and for images the rows and columns.
    let dimensions: [Int]
    /// As many as the product of the dimensions.
    let elements: [UInt8]
    /// SHA-256 of the unpacked file, header included.
    let checksum: String

    /// Reads a file that must have this many dimensions: 1 for labels, 3 for images.
    init(path: String, rank: Int) throws(DatasetError) {
        var file = try UnpackedFile(path: path)
        let dimensions = try readHeader(of: &file, rank: rank)
        let count = try elementCount(dimensions, path: path)

        // The header is not trusted with memory: past a generous ratio of what is on the disk,
        // the array grows only as bytes really come out of the file.
        var elements: [UInt8] = []
        elements.reserveCapacity(16 * min(count / 16, file.packedSize))
        try file.read(count, into: &elements)
        let headerSize = 4 + 4 * rank
        guard elements.count == count else {
            throw .truncated(
                file: path, expected: headerSize + count, actual: headerSize + elements.count)
        }
        // Asking for one more byte also makes zlib check the sum at the end of the gzip data.
        var beyond: [UInt8] = []
        try file.read(1, into: &beyond)
        guard beyond.isEmpty else { throw .trailingBytes(file: path, expected: headerSize + count) }

        self.path = path
        self.dimensions = dimensions
        self.elements = elements
        self.checksum = file.checksum()
    }
}

private func readHeader(
    of file: inout UnpackedFile, rank: Int
) throws(DatasetError) -> [Int] {
    let unsignedBytes: UInt8 = 0x08
    let magic = [0, 0, unsignedBytes, UInt8(rank)]
    let size = 4 + 4 * rank
    var header: [UInt8] = []
    try file.read(size, into: &header)
    guard header.starts(with: magic.prefix(header.count)) else {
        throw .wrongMagic(file: file.path, found: Array(header.prefix(4)), rank: rank)
    }
    guard header.count == size else {
        throw .truncated(file: file.path, expected: size, actual: header.count)
    }
    return (1...rank).map { dimension in
        header[4 * dimension..<4 * dimension + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}

/// The product of the dimensions, if it can be right and fits into memory.
private func elementCount(_ dimensions: [Int], path: String) throws(DatasetError) -> Int {
    for (dimension, name) in zip(dimensions, ["count", "rows", "columns"]) where dimension == 0 {
        throw .emptyDimension(file: path, dimension: name)
    }
    // A quarter, since a growing array is twice in memory for a moment, and shards are copies.
    let limit = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
    var count = 1
    for dimension in dimensions {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard !overflow, product <= limit else {
            throw .tooLarge(file: path, dimensions: dimensions)
        }
        count = product
    }
    return count
}
