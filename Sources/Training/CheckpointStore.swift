/// The checkpoints of one run: a folder that keeps the last three.
public struct CheckpointStore: Sendable {
    /// The folder.
    public let folder: String

    private static let kept = 3
    private static let prefix = "step-"
    private static let suffix = ".safetensors"

    /// The file that must say all up to a checkpoint before that exists.
    private let record: String?

    /// The store of a folder, which is made with the first checkpoint.
    ///
    /// - Parameter record: a file that grows as the run goes. What it holds lasts through a power cut
    ///   whenever a checkpoint does.
    public init(folder: String, record: String? = nil) {
        self.folder = folder
        self.record = record
    }

    /// Writes the checkpoint made after `step` steps and removes those that are too old.
    ///
    /// - Returns: the file's path.
    @discardableResult
    public func save(_ bytes: [UInt8], step: Int) throws(FileError) -> String {
        try Files.makeFolder(folder)
        if let record { try Files.sync(record) }
        let digits = String(step)
        let padding = String(repeating: "0", count: max(0, 9 - digits.count))
        let path = "\(folder)/\(Self.prefix)\(padding)\(digits)\(Self.suffix)"
        try Files.writeAtomically(bytes, to: path)
        for old in paths().dropLast(Self.kept) { Files.remove(old) }
        return path
    }

    /// Removes the checkpoints made after more than `step` steps.
    public func removeCheckpoints(after step: Int) {
        for path in paths() {
            if let made = self.step(of: path), made > step { Files.remove(path) }
        }
    }

    /// The newest checkpoint that was made after fewer than `step` steps.
    public func newestPath(before step: Int) -> String? {
        paths().last { path in self.step(of: path).map { $0 < step } ?? false }
    }

    /// The steps that a checkpoint's name tells.
    private func step(of path: String) -> Int? {
        let name = path.dropFirst(folder.count + 1 + Self.prefix.count)
        return Int(name.dropLast(Self.suffix.count))
    }

    /// The checkpoints' paths, the oldest first.
    public func paths() -> [String] {
        Files.names(in: folder)
            .filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(Self.suffix) }
            .map { "\(folder)/\($0)" }
    }

    /// The newest checkpoint that is whole, or nil if there is none at all.
    ///
    /// - Returns: the checkpoint, its path, and what was wrong with newer ones.
    /// - Throws: ``CheckpointError`` if there are checkpoints but none is whole.
    public func newest() throws(CheckpointError)
        -> (checkpoint: Checkpoint, path: String, damaged: [String])?
    {
        var damaged: [String] = []
        for path in paths().reversed() {
            do {
                return (try Checkpoint(parsing: Files.read(path), path: path), path, damaged)
            } catch {
                damaged.append("\(error)")
            }
        }
        if let first = damaged.first { throw .noneWhole(first) }
        return nil
    }
}

/// Why a run cannot be resumed from its checkpoints.
public enum CheckpointError: Error, CustomStringConvertible, Equatable {
    /// There are checkpoints, but all are damaged; with what is wrong with the newest.
    case noneWhole(String)
    /// A checkpoint was made of another data set.
    case otherData(path: String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .noneWhole(let reason):
            "no whole checkpoint is left to resume from: \(reason), or start anew without --resume"
        case .otherData(let path):
            "\(path) was made with another data set: give that one with --data, or start anew "
                + "without --resume"
        }
    }
}
