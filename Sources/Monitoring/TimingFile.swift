import Files

/// `timing.jsonl`: one object about every second of training, each on its own line.
public struct TimingFile: Sendable {
    /// The file's name in a run's folder.
    public static let name = "timing.jsonl"

    private let file: Int32
    private let path: String

    /// Opens the file of a run; earlier sessions' lines stay, except an unfinished one.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder) throws(FileError) {
        path = folder.path(of: Self.name)
        let earlier = folder.holds(Self.name) ? try folder.read(Self.name) : []
        let kept = earlier.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        file = try folder.openForAppending(Self.name, keeping: kept)
    }

    /// Appends a line.
    func append(_ line: TimingLine) throws(FileError) {
        try Files.writeAll(
            Array((jsonText(line, isSnakeCase: true) + "\n").utf8), to: file, path: path)
    }
}
