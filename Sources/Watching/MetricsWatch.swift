import Files
import Monitoring

/// The curves of a run, read from its `metrics.jsonl` as it grows.
///
/// A line that is damaged or has an impossible number is skipped and counted.
public final class MetricsWatch {
    /// The curves so far.
    public private(set) var curves = RunCurves()
    /// The number of unreadable lines.
    public var skippedLines: Int { badLines + file.skippedLines }
    /// Whether the last read stopped before the file's end.
    public var isBehind: Bool { file.isBehind }

    private let file: TailedFile
    private var badLines = 0

    /// Follows the metrics in a run's folder; the file may not exist yet.
    ///
    /// - Parameter tail: how many bytes before the file's end to begin; nil for the beginning.
    public init(_ folder: Folder, tail: Int? = nil) {
        file = TailedFile(folder, MetricsFile.name, tail: tail)
    }

    /// Reads new lines; whether there were any.
    ///
    /// - Throws: ``FileError`` if the file exists and cannot be read.
    public func poll() throws(FileError) -> Bool {
        let change = try file.read(
            replaced: {
                curves = RunCurves()
                badLines = 0
            },
            line: { line in
                if let metrics = MetricsLine(line) {
                    curves.add(metrics)
                } else {
                    badLines += 1
                }
            })
        return change != .none
    }
}
