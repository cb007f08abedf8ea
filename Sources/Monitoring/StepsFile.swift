import Glibc
import Training

/// `steps.csv`: a line for each committed step, by which `tern verify` judges a run.
///
/// A record that an older version has begun goes on in its own format: of the steps that it has, nobody has
/// other sums.
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
    /// What an earlier session wrote about later steps, or left half written, is cut off: those steps
    /// are made again. So is what stands behind a line that is none.
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

    /// The bytes of a record's heading and its lines up to a step, and their format.
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

    /// The record of the same run when it has gone back to `step` steps; this one is closed.
    func reopened(at step: Int) throws(FileError) -> Self {
        close(file)
        return try Self(in: folder, resumingAt: step)
    }

    /// Adds a step, whose weights it adds up, and writes to the disk now and then.
    package mutating func append(_ report: StepReport) throws(FileError) {
        StepRecord(report, format).append(to: &buffer)
        if buffer.count >= Self.largeBuffer { try flush() }
    }

    /// Writes what was added since the last time.
    package mutating func flush() throws(FileError) {
        // Not a second time after a failure, which may have written a part.
        defer { buffer.removeAll(keepingCapacity: true) }
        try Files.writeAll(buffer, to: file, path: folder.path(of: Self.name))
    }
}
