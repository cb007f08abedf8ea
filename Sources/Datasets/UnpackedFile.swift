import Hashing

/// The unpacked content of a file, gzipped or raw, read from front to end and hashed on the way.
struct UnpackedFile: ~Copyable {
    private var file: InputFile
    /// Nil for a raw file.
    private var inflater: Inflater?
    private var sum = SHA256()

    var path: String { file.path }
    /// Bytes on the disk.
    var packedSize: Int { file.size }

    /// What was ignored while reading, if anything.
    var warning: String? {
        switch inflater {
        case .some(let inflater) where inflater.hasTrailingGarbage:
            "\(path) goes on after its gzip data: the rest is ignored"
        default: nil
        }
    }

    /// Opens a file; its first two bytes decide between gzip and raw, not its name.
    init(path: String) throws(DatasetError) {
        var file = try InputFile(path: path)
        let isGzip = try file.fill(atLeast: 2) && file.pending.starts(with: [0x1f, 0x8b])
        inflater = isGzip ? Inflater() : nil
        self.file = file
    }

    /// Appends up to `count` bytes to `bytes`; fewer only at the end of the file.
    mutating func read(_ count: Int, into bytes: inout [UInt8]) throws(DatasetError) {
        let end = bytes.count + count
        while bytes.count < end {
            let chunk = try nextChunk(limit: end - bytes.count)
            if chunk.isEmpty { return }
            sum.update(chunk)
            bytes.append(contentsOf: chunk)
        }
    }

    /// The SHA-256 of everything read, in hexadecimal.
    consuming func checksum() -> String {
        sum.finalizeHex()
    }

    /// The next bytes, valid until the next call; none at the end of the file.
    private mutating func nextChunk(limit: Int) throws(DatasetError) -> UnsafeRawBufferPointer {
        if let unpacked = try inflater?.next(from: &file, limit: limit) { return unpacked }
        guard try file.fill() else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let chunk = UnsafeRawBufferPointer(rebasing: file.pending.prefix(limit))
        file.consume(chunk.count)
        return chunk
    }
}
