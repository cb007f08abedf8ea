import Glibc

/// A regular file read from front to end through one buffer.
struct InputFile: ~Copyable {
    let path: String
    /// Bytes in the file when it was opened.
    let size: Int
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    /// The bytes read and not yet consumed.
    private(set) var pending: Slice<UnsafeRawBufferPointer>

    init(path: String) throws(DatasetError) {
        (descriptor, size) = try openRegularFile(path)
        self.path = path
        buffer = .allocate(byteCount: 1 << 16, alignment: 64)
        pending = UnsafeRawBufferPointer(buffer).prefix(0)
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Reads until so many bytes are pending; false if the file ends first.
    mutating func fill(atLeast wanted: Int = 1) throws(DatasetError) -> Bool {
        while pending.count < wanted {
            let kept = pending.count
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: pending))
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[kept...])
            let count = read(descriptor, free.baseAddress, free.count)
            pending = UnsafeRawBufferPointer(buffer).prefix(kept + max(0, count))
            if count == 0 { return false }
            if count < 0, errno != EINTR {
                throw .unreadable(path: path, reason: systemError())
            }
        }
        return true
    }

    mutating func consume(_ count: Int) {
        pending = pending.dropFirst(count)
    }
}

private func openRegularFile(
    _ path: String
) throws(DatasetError) -> (descriptor: Int32, size: Int) {
    // Check before opening, because opening a device may already act on it.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        throw .unreadable(path: path, reason: "not a regular file")
    }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
        let reason = systemError()
        if descriptor >= 0 { close(descriptor) }
        throw .unreadable(path: path, reason: reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .unreadable(path: path, reason: "not a regular file")
    }
    return (descriptor, Int(status.st_size))
}
