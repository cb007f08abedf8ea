import Glibc

/// Reads a file line by line with little memory, however long the file or a line is.
public struct LineReader: ~Copyable {
    /// The bytes of the lines read so far, line ends included.
    public private(set) var offset = 0

    private static let longestLine = 1 << 10
    private static let readSize = 1 << 16

    private let path: String
    private let file: Int32
    /// Bytes read from the file; those from `start` on are not returned yet.
    private var buffer: [UInt8] = []
    private var start = 0

    /// Opens a regular file in a folder.
    public init(_ folder: Folder, _ name: String) throws(FileError) {
        path = folder.path(of: name)
        file = try folder.openForReading(name).file
    }

    deinit { close(file) }

    /// The next line without its end; nil at the end of the file, where half a line may remain.
    ///
    /// A line longer than a kilobyte comes in pieces.
    public mutating func next() throws(FileError) -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                return take(end - start, andSkip: 1)
            }
            if buffer.count - start >= Self.longestLine {
                return take(Self.longestLine, andSkip: 0)
            }
            searched = buffer.count - start
            guard try readMore() else { return nil }
        }
    }

    private mutating func take(_ count: Int, andSkip skipped: Int) -> ArraySlice<UInt8> {
        defer {
            start += count + skipped
            offset += count + skipped
        }
        return buffer[start..<start + count]
    }

    /// Makes room and reads more; false at the end of the file.
    private mutating func readMore() throws(FileError) -> Bool {
        buffer.removeSubrange(..<start)
        start = 0
        let filled = buffer.count
        buffer += [UInt8](repeating: 0, count: Self.readSize)
        var count: Int
        repeat {
            count = buffer.withUnsafeMutableBytes { bytes in
                read(file, bytes.baseAddress?.advanced(by: filled), Self.readSize)
            }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw FileError(operation: "read", path: path, code: errno) }
        buffer.removeLast(Self.readSize - count)
        return count > 0
    }
}
