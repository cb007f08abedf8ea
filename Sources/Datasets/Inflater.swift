import CZlib

/// zlib's streaming decompressor for gzip data (RFC 1952), whose checksums it verifies.
struct Inflater: ~Copyable {
    // zlib keeps the stream's address, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer: UnsafeMutableRawBufferPointer
    /// Whether a member has begun and not ended, so that the file must go on.
    private var insideMember = true
    private var unpacked = 0

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        buffer = .allocate(byteCount: 1 << 16, alignment: 64)
        let gzipOnly: Int32 = 16
        // Where this fails, for want of memory, the first `inflate` reports a stream error.
        inflateInit2_(
            stream, gzipOnly + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    /// Unpacks at most `limit` bytes, valid until the next call; none where the file has ended.
    mutating func next(
        from file: inout InputFile, limit: Int
    ) throws(DatasetError) -> UnsafeRawBufferPointer {
        while try file.fill() {
            if !insideMember {
                // Gzip allows several members in a row; anything else that follows is an error.
                inflateReset(stream)
                insideMember = true
            }
            let output = try step(&file, limit: limit)
            if !output.isEmpty { return output }
        }
        guard !insideMember else {
            throw damage(to: file, "the file ends too early")
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
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
        insideMember = status == Z_OK
        file.consume(input.count - Int(stream.pointee.avail_in))
        return UnsafeRawBufferPointer(rebasing: buffer[..<produced])
    }

    private func damage(to file: borrowing InputFile, _ reason: String) -> DatasetError {
        .damagedGzip(file: file.path, unpacked: unpacked, reason: reason)
    }
}
