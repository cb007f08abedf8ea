import Files
import Glibc
import ModelFiles

/// The checkpoints of one run: a folder that holds the last three.
public struct CheckpointStore: Sendable {
    /// The folder's path.
    public let folder: String
    /// The open parent folder, and the folder's name in it.
    private let place: (parent: Folder, name: String)

    private static let kept = 3
    private static let prefix = "step-"
    private static let suffix = ".safetensors"

    /// The file beside the folder that must be on disk up to a checkpoint before that is written.
    private let record: String?

    /// The store of a run's folder; the first checkpoint creates it.
    ///
    /// - Parameter record: the name of a file that grows during the run. Before a checkpoint is written, its
    ///   content is synced, so that it survives a power cut too.
    public init(of run: Folder, record: String? = nil) {
        place = (run, "checkpoints")
        folder = run.path(of: place.name)
        self.record = record
    }

    /// The store in a folder itself.
    public init(in folder: Folder) {
        place = (folder, ".")
        self.folder = folder.path
        record = nil
    }

    /// Writes a checkpoint and removes old ones.
    ///
    /// - Returns: the file's path.
    @discardableResult
    public func save(_ checkpoint: Checkpoint) throws(FileError) -> String {
        let opened = try place.parent.makeFolder(place.name)
        if let record { try place.parent.sync(record) }
        let digits = String(checkpoint.step)
        let padding = String(repeating: "0", count: max(0, 9 - digits.count))
        let name = "\(Self.prefix)\(padding)\(digits)\(Self.suffix)"
        try opened.writeAtomically(to: name) { write throws(FileError) in
            try checkpoint.write(write)
        }
        for old in try Self.checkpoints(in: opened).dropLast(Self.kept) { opened.remove(old) }
        return "\(folder)/\(name)"
    }

    /// Opens the folder; nil if it does not exist yet.
    private func open() throws(FileError) -> Folder? {
        try place.parent.folder(place.name)
    }

    /// The names of the checkpoints in a folder, oldest first.
    private static func checkpoints(in folder: Folder) throws(FileError) -> [String] {
        try folder.names().filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
    }

    /// Removes the checkpoints made after step `step`.
    public func removeCheckpoints(after step: Int) throws(FileError) {
        guard let opened = try open() else { return }
        for name in try Self.checkpoints(in: opened) {
            if let made = Self.step(named: name), made > step { opened.remove(name) }
        }
    }

    /// The newest checkpoint from before step `step`.
    public func newestPath(before step: Int) -> String? {
        ((try? paths()) ?? []).last { path in self.step(of: path).map { $0 < step } ?? false }
    }

    /// The step in the file name of a checkpoint.
    public func step(of path: String) -> Int? {
        Self.step(named: Files.name(of: path))
    }

    private static func step(named name: String) -> Int? {
        Int(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// The paths of the checkpoints, oldest first.
    ///
    /// - Throws: ``FileError`` if the folder exists but cannot be read.
    public func paths() throws(FileError) -> [String] {
        guard let opened = try open() else { return [] }
        return try Self.checkpoints(in: opened).map { "\(folder)/\($0)" }
    }

    /// Reads the bytes of a file of the store.
    public func read(_ path: String) throws(FileError) -> [UInt8] {
        guard let opened = try open() else {
            throw FileError(operation: "read", path: path, code: ENOENT)
        }
        return try opened.read(Files.name(of: path))
    }

    /// Renames a file of the store so that it is ignored, and returns its new path.
    public func putAside(_ path: String) throws(FileError) -> String {
        let name = Files.name(of: path)
        try open()?.rename(name, to: "\(name).aside")
        return "\(path).aside"
    }

    /// Removes files that a killed process left half written.
    public func removeUnfinished() throws(FileError) { try open()?.removeUnfinished() }

    /// The newest valid checkpoint; nil if there are no checkpoints.
    ///
    /// - Returns: the checkpoint, its path, and the reasons why newer ones are damaged.
    /// - Throws: ``CheckpointError`` if there are checkpoints but none is valid, or if the folder or a
    ///   file cannot be read.
    public func newest() throws(CheckpointError)
        -> (checkpoint: Checkpoint, path: String, damaged: [String])?
    {
        var damaged: [String] = []
        do throws(FileError) {
            for path in try paths().reversed() {
                switch try content(of: path) {
                case .whole(let checkpoint): return (checkpoint, path, damaged)
                case .damaged(let reason): damaged.append(reason)
                case .gone: continue
                }
            }
        } catch {
            throw .file(error)
        }
        if let first = damaged.first { throw .noneWhole(first, folder: folder) }
        return nil
    }

    /// The content of a file of the store.
    public enum Content {
        /// A valid checkpoint.
        case whole(Checkpoint)
        /// Anything else; carries the reason.
        case damaged(String)
        /// The file is gone: a running session may remove its oldest checkpoint at any time.
        case gone
    }

    /// Reads a file of the store.
    ///
    /// - Throws: ``FileError`` if it cannot be read although it may be valid.
    public func content(of path: String) throws(FileError) -> Content {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try read(path)
        } catch {
            switch error.code {
            case ENOENT: return .gone
            // An unreadable disk sector is damage like any other.
            case EIO: return .damaged("\(error)")
            default: throw error
            }
        }
        do throws(SafetensorsError) {
            let checkpoint = try Checkpoint(parsing: bytes, path: path)
            // Names decide which checkpoints are newest and which are removed.
            guard step(of: path) == checkpoint.step else {
                return .damaged(
                    "\(path) is named for another step than its own, \(checkpoint.step)")
            }
            return .whole(checkpoint)
        } catch {
            return .damaged("\(error)")
        }
    }
}
