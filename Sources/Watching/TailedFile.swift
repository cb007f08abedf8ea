import Glibc
import Training

/// A file of a run's folder, read line by line while another process adds to it.
///
/// It is read from where the last reading stopped. A file that was cut back, or that another took the place of,
/// is read anew. The file may come from somebody else: a line that is too long is skipped and counted.
public final class TailedFile {
    /// What a reading has found.
    public enum Change: Sendable, Equatable {
        /// Nothing new, or no such file.
        case none
        /// Lines behind those that were read before.
        case grown
        /// Another file, or a shorter one, whose first lines follow: what was made of earlier lines is void.
        case replaced
    }

    /// The lines that were too long to be read.
    public private(set) var skippedLines = 0
    /// Whether the last reading stopped before the file's end.
    public private(set) var isBehind = false

    private let folder: Folder
    private let name: String
    /// The bytes before a file's end where reading begins; nil to begin at the front.
    private let tail: Int?
    /// Kept open, so that no new file can have the number of the one that was read.
    private var file: Int32 = -1
    private var offset = 0
    /// The beginning of a line whose end is not there yet.
    private var rest: [UInt8] = []
    private var isSkipping = false

    private static let longestLine = 1 << 18
    private static let readSize = 1 << 16

    /// A file that need not be there yet.
    ///
    /// - Parameter tail: how many bytes before its end to begin; nil to begin at the front.
    public init(_ folder: Folder, _ name: String, tail: Int? = nil) {
        self.folder = folder
        self.name = name
        self.tail = tail
    }

    deinit { if file >= 0 { close(file) } }

    /// Reads on, and hands out each finished line without its end.
    ///
    /// - Parameters:
    ///   - most: the bytes after which it stops; see ``isBehind``.
    ///   - began: called before the first line of a file that is read anew.
    ///   - line: called with each line.
    /// - Throws: ``FileError`` if the file is there and cannot be read.
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

    /// Opens the file that has the name now; whether what was read before is void.
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
        // The byte before tells whether the first line is whole.
        offset = tail.map { max(0, size - $0 - 1) } ?? 0
        isSkipping = offset > 0
    }

    /// Adds what comes next to `rest`; 0 at the file's end.
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

/// Whether two descriptors are of the same file or folder.
func isSameFile(_ one: Int32, _ other: Int32) -> Bool {
    var (first, second) = (stat(), stat())
    return fstat(one, &first) == 0 && fstat(other, &second) == 0
        && first.st_ino == second.st_ino && first.st_dev == second.st_dev
}
