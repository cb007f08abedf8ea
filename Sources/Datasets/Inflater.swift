import CZlib

/// zlib's streaming decompressor for gzip data (RFC 1952), whose checksums it verifies.
///
/// It accepts what `gzip -t` accepts: several members in a row, zeros after the last one, and, with a
/// warning, anything else after it.
struct Inflater: ~Copyable {
    // zlib keeps the stream's address, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: UnsafeMutableRawBufferPointer
    private var place = Place.member
    private var unpacked = 0
    /// Whether anything but zeros follows the last member.
    private(set) var hasTrailingGarbage = false

    /// What the next byte of the file belongs to.
    private enum Place { case member, betweenMembers, behindMembers }

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        buffer = .allocate(byteCount: 1 << 16, alignment: 64)
        let gzipOnly: Int32 = 16
        // If memory runs out here, the first `inflate` reports a stream error.
        inflateInit2_(
            stream, gzipOnly + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    /// Unpacks at most `limit` bytes, valid until the next call; none at the end of the file.
    mutating func next(
        from file: inout InputFile, limit: Int
    ) throws(DatasetError) -> UnsafeRawBufferPointer {
        while try file.fill() {
            if place != .member {
                guard try beginsMember(&file) else { continue }
                inflateReset(stream)
                place = .member
            }
            let output = try step(&file, limit: limit)
            if !output.isEmpty { return output }
        }
        guard place != .member else {
            throw damage(to: file, "the file ends too early")
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Whether another member follows; if not, consumes the pending bytes.
    private mutating func beginsMember(_ file: inout InputFile) throws(DatasetError) -> Bool {
        let hasTwo = try file.fill(atLeast: 2)
        if place == .betweenMembers {
            if file.pending.starts(with: [0x1f, 0x8b]) { return true }
            guard hasTwo || file.pending.first == 0 else {
                throw damage(to: file, "a single byte follows its end")
            }
            place = .behindMembers
        }
        hasTrailingGarbage = hasTrailingGarbage || file.pending.contains { $0 != 0 }
        file.consume(file.pending.count)
        return false
    }

    private mutating func step(
        _ file: inout InputFile, limit: Int
    ) throws(DatasetError) -> UnsafeRawBufferPointer {
        let input = UnsafeRawBufferPointer(rebasing: file.pending)
        let capacity = min(limit, buffer.count)
        stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(capacity)

        let status = inflate(stream, Z_NO_FLUSH)
        let produced = capacity - Int(stream.pointee.avail_out)
        unpacked += produced
        guard status == Z_OK || status == Z_STREAM_END else {
            throw damage(to: file, String(cString: stream.pointee.msg ?? zError(status)))
        }
        if status == Z_STREAM_END { place = .betweenMembers }
        file.consume(input.count - Int(stream.pointee.avail_in))
        return UnsafeRawBufferPointer(rebasing: buffer[..<produced])
    }

    private func damage(to file: borrowing InputFile, _ reason: String) -> DatasetError {
        .damagedGzip(file: file.path, unpacked: unpacked, reason: reason)
    }
}
