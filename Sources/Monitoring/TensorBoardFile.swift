import Glibc
import Training

/// `tensorboard/`: the numbers of `metrics.jsonl` once more, in a file that TensorBoard reads.
///
/// The file follows from the run's settings and the lines of `metrics.jsonl`. So it has no step twice, also where
/// sessions without it came between.
public struct TensorBoardFile {
    /// The name of its folder in a run's folder.
    public static let folderName = "tensorboard"

    private let run: Folder
    private let folder: Folder
    private let configuration: TrainingConfiguration
    private var events: TensorBoardEvents
    /// Nil before the first line, whose time is in the file's name.
    private var file: Int32?

    /// Opens the file of a run, and makes it agree with the run's metrics, which are open already.
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

    /// Opens the file and gives it this content.
    ///
    /// Where it begins with that, as after a rewind, it is cut back: a TensorBoard that has it open reads on
    /// behind what it has read.
    private static func open(
        _ name: String, in folder: Folder, holding content: [UInt8]
    ) throws(FileError) -> Int32 {
        if folder.holds(name), try folder.read(name).starts(with: content) {
            return try folder.openForAppending(name, keeping: content.count)
        }
        try folder.writeAtomically(content, to: name)
        return try folder.openForAppending(name)
    }

    /// The file of the same run when it has gone back, and its metrics with it; this one is closed.
    package func reopened(metrics: MetricsFile) throws(FileError) -> Self {
        if let file { close(file) }
        return try Self(in: run, configuration, metrics: metrics)
    }

    /// Adds a line of the metrics.
    package mutating func append(line: [UInt8]) throws(FileError) {
        let records = events.add(line: line)
        guard let name = events.fileName else { return }
        if file == nil { file = try folder.openForAppending(name, keeping: 0) }
        guard let file else { return }
        try Files.writeAll(records, to: file, path: folder.path(of: name))
    }

    /// Removes the file and its folder from a run's folder.
    static func remove(from run: Folder) {
        guard let folder = try? run.folder(folderName) else { return }
        for name in (try? folder.names()) ?? [] where TensorBoardEvents.isOwn(name) {
            folder.remove(name)
        }
        run.removeFolder(folderName)
    }
}
