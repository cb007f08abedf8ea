import Files
import Glibc
import RunEvents
import RunFolder

/// `steps.csv`: one line per committed step, the record that `tern verify` checks.
///
/// A record from an older version keeps its format, because its earlier steps have only the old
/// checksums.
public struct StepsFile {
    /// The file's name in a run's folder.
    public static let name = "steps.csv"

    private let folder: Folder
    private let file: Int32
    private let format: RecordFormat
    private var buffer: [UInt8] = []

    private static let largeBuffer = 1 << 16

    /// Opens the record of a run that has made `step` steps.
    ///
    /// Lines of later steps and an unfinished line are cut off, because those steps are repeated.
    /// So is everything after an invalid line.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder, resumingAt step: Int) throws(FileError) {
        self.folder = folder
        let isThere = step > 0 && folder.holds(Self.name)
        let (kept, format) = isThere ? try Self.soundPart(in: folder, upTo: step) : (0, .sha256)
        self.format = format
        file = try folder.openForAppending(Self.name, keeping: kept)
        guard kept == 0 else { return }
        buffer += format.heading + [UInt8(ascii: "\n")]
        try flush()
    }

    /// The size of a record's heading and valid lines up to a step, and their format.
    private static func soundPart(
        in folder: Folder, upTo step: Int
    ) throws(FileError) -> (size: Int, RecordFormat) {
        var lines = try LineReader(folder, name)
        guard let heading = try lines.next(), let format = RecordFormat(heading: heading) else {
            return (0, .sha256)
        }
        var size = lines.offset
        var next = 1
        while next <= step, let line = try lines.next(),
            StepRecord(parsing: line, format)?.step == next
        {
            size = lines.offset
            next += 1
        }
        return (size, format)
    }

    /// Reopens the record after a rewind to `step` steps, and closes this one.
    func reopened(at step: Int) throws(FileError) -> Self {
        close(file)
        return try Self(in: folder, resumingAt: step)
    }

    /// Appends a step with its weights' checksum, and writes to disk when the buffer is full.
    package mutating func append(_ report: StepReport) throws(FileError) {
        StepRecord(report, format).append(to: &buffer)
        if buffer.count >= Self.largeBuffer { try flush() }
    }

    /// Writes the buffer to disk.
    package mutating func flush() throws(FileError) {
        // No retry after a failure, because a part may have been written.
        defer { buffer.removeAll(keepingCapacity: true) }
        try Files.writeAll(buffer, to: file, path: folder.path(of: Self.name))
    }
}
