import Files
import Glibc
import Settings

/// `tensorboard/`: the numbers of `metrics.jsonl` in a file that TensorBoard reads.
///
/// The file is derived from the run's settings and `metrics.jsonl`. So it never has a step twice,
/// even after sessions without TensorBoard.
public struct TensorBoardFile {
    /// The name of its folder in a run's folder.
    public static let folderName = "tensorboard"

    private let run: Folder
    private let folder: Folder
    private let configuration: TrainingConfiguration
    private var events: TensorBoardEvents
    /// Nil before the first line, because the file's name contains that line's time.
    private var file: Int32?

    /// Opens a run's file and updates it to the run's metrics, which are already open.
    ///
    /// - Throws: ``FileError`` if the metrics cannot be read, or the file cannot be written.
    public init(
        in run: Folder, _ configuration: TrainingConfiguration, metrics: MetricsFile
    ) throws(FileError) {
        self.run = run
        self.configuration = configuration
        folder = try run.makeFolder(Self.folderName)
        events = TensorBoardEvents(configuration)
        try folder.removeUnfinished()
        var content: [UInt8] = []
        for line in try metrics.lines() { content += events.add(line: line) }
        for name in try folder.names()
        where TensorBoardEvents.isOwn(name) && name != events.fileName {
            folder.remove(name)
        }
        if let name = events.fileName { file = try Self.open(name, in: folder, holding: content) }
    }

    /// Opens the file with this content.
    ///
    /// If it already begins with the content, for example after a rewind, it is truncated, so that
    /// an open TensorBoard continues from where it has read.
    private static func open(
        _ name: String, in folder: Folder, holding content: [UInt8]
    ) throws(FileError) -> Int32 {
        if folder.holds(name), try folder.read(name).starts(with: content) {
            return try folder.openForAppending(name, keeping: content.count)
        }
        try folder.writeAtomically(content, to: name)
        return try folder.openForAppending(name)
    }

    /// Reopens the file after a rewind of the run and its metrics, and closes this one.
    package func reopened(metrics: MetricsFile) throws(FileError) -> Self {
        if let file { close(file) }
        return try Self(in: run, configuration, metrics: metrics)
    }

    /// Appends a line of the metrics.
    package mutating func append(line: [UInt8]) throws(FileError) {
        let records = events.add(line: line)
        guard let name = events.fileName else { return }
        if file == nil { file = try folder.openForAppending(name, keeping: 0) }
        guard let file else { return }
        try Files.writeAll(records, to: file, path: folder.path(of: name))
    }

    /// Removes the file and its folder from a run.
    static func remove(from run: Folder) {
        guard let folder = try? run.folder(folderName) else { return }
        for name in (try? folder.names()) ?? [] where TensorBoardEvents.isOwn(name) {
            folder.remove(name)
        }
        run.removeFolder(folderName)
    }
}
