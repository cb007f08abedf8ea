import Files
import Glibc

/// A file of a run's folder, read line by line while another process appends to it.
///
/// Each read continues at the end of the last one. A file that was truncated or replaced is read
/// again from its beginning. The file may come from anyone: lines that are too long are skipped and
/// counted.
public final class TailedFile {
    /// The result of a read.
    public enum Change: Sendable, Equatable {
        /// Nothing new, or the file does not exist.
        case none
        /// New lines were read.
        case grown
        /// The file was replaced or truncated; its lines follow, and earlier results are invalid.
        case replaced
    }

    /// The number of lines that were too long.
    public private(set) var skippedLines = 0
    /// Whether the last read stopped before the file's end.
    public private(set) var isBehind = false

    private let folder: Folder
    private let name: String
    /// How many bytes before the file's end to begin; nil for the beginning.
    private let tail: Int?
    /// Kept open, so that no new file can reuse its inode.
    private var file: Int32 = -1
    private var offset = 0
    /// The beginning of an unfinished line.
    private var rest: [UInt8] = []
    private var isSkipping = false

    private static let longestLine = 1 << 18
    private static let readSize = 1 << 16

    /// A file that may not exist yet.
    ///
    /// - Parameter tail: how many bytes before its end to begin; nil for the beginning.
    public init(_ folder: Folder, _ name: String, tail: Int? = nil) {
        self.folder = folder
        self.name = name
        self.tail = tail
    }

    deinit { if file >= 0 { close(file) } }

    /// Reads on, and calls `line` with each complete line without its end.
    ///
    /// - Parameters:
    ///   - most: the number of bytes after which it stops; see ``isBehind``.
    ///   - began: called before the first line when the file is read from its beginning again.
    ///   - line: called with each line.
    /// - Throws: ``FileError`` if the file exists and cannot be read.
    public func read(
        atMost most: Int = 1 << 22, replaced began: () -> Void = {},
        line: (ArraySlice<UInt8>) -> Void
    ) throws(FileError) -> Change {
        isBehind = false
        guard folder.holds(name) else { return .none }
        let isReplaced = try openNewest()
        if isReplaced { began() }
        let start = offset
        while offset - start < most {
            let count = try readPart(min(Self.readSize, most - (offset - start)))
            if count == 0 { return change(from: start, isReplaced) }
            offset += count
            handOutLines(line)
        }
        isBehind = true
        return change(from: start, isReplaced)
    }

    private func change(from start: Int, _ isReplaced: Bool) -> Change {
        isReplaced ? .replaced : offset > start ? .grown : .none
    }

    /// Opens the file that has the name now; whether earlier results are invalid.
    private func openNewest() throws(FileError) -> Bool {
        let (newest, size) = try folder.openForReading(name)
        guard file >= 0 else {
            begin(newest, size)
            return false
        }
        if isSameFile(file, newest), size >= offset {
            close(newest)
            return false
        }
        close(file)
        begin(newest, size)
        return true
    }

    private func begin(_ newest: Int32, _ size: Int) {
        file = newest
        rest = []
        // Includes the byte before, which shows whether the first line is complete.
        offset = tail.map { max(0, size - $0 - 1) } ?? 0
        isSkipping = offset > 0
    }

    /// Appends the next bytes to `rest`, and returns their count; 0 at the file's end.
    private func readPart(_ size: Int) throws(FileError) -> Int {
        let filled = rest.count
        rest += [UInt8](repeating: 0, count: size)
        var count: Int
        repeat {
            count = rest.withUnsafeMutableBytes { bytes in
                pread(file, bytes.baseAddress?.advanced(by: filled), size, offset)
            }
        } while count < 0 && errno == EINTR
        let code = errno
        rest.removeLast(size - max(0, count))
        guard count >= 0 else {
            throw FileError(operation: "read", path: folder.path(of: name), code: code)
        }
        return count
    }

    private func handOutLines(_ line: (ArraySlice<UInt8>) -> Void) {
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if isSkipping {
                isSkipping = false
            } else {
                line(rest[start..<end])
            }
            start = end + 1
        }
        rest.removeSubrange(..<start)
        if isSkipping {
            rest = []
        } else if rest.count > Self.longestLine {
            skippedLines += 1
            isSkipping = true
            rest = []
        }
    }
}

/// Whether two descriptors refer to the same file or folder.
func isSameFile(_ one: Int32, _ other: Int32) -> Bool {
    var (first, second) = (stat(), stat())
    return fstat(one, &first) == 0 && fstat(other, &second) == 0
        && first.st_ino == second.st_ino && first.st_dev == second.st_dev
}
