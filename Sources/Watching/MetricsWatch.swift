import Monitoring
import Training

/// The curves of a run, made of its `metrics.jsonl` while that grows.
///
/// A line that is damaged, or has a number that it cannot have, is skipped and counted.
public final class MetricsWatch {
    /// The curves so far.
    public private(set) var curves = RunCurves()
    /// The lines that could not be read.
    public var skippedLines: Int { badLines + file.skippedLines }
    /// Whether the last reading stopped before the file's end.
    public var isBehind: Bool { file.isBehind }

    private let file: TailedFile
    private var badLines = 0

    /// Follows the metrics in a run's folder, which need not be there yet.
    ///
    /// - Parameter tail: how many bytes before the file's end to begin; nil to begin at the front.
    public init(_ folder: Folder, tail: Int? = nil) {
        file = TailedFile(folder, MetricsFile.name, tail: tail)
    }

    /// Reads on; whether there was anything new.
    ///
    /// - Throws: ``FileError`` if the file is there and cannot be read.
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
