import Files
import Glibc
import ModelFiles

/// The checkpoints of one run: a folder that keeps the last three.
public struct CheckpointStore: Sendable {
    /// The folder's path.
    public let folder: String
    /// The open folder that it lies in, and its name there.
    private let place: (parent: Folder, name: String)

    private static let kept = 3
    private static let prefix = "step-"
    private static let suffix = ".safetensors"

    /// The file beside the folder that must say all up to a checkpoint before that exists.
    private let record: String?

    /// The store of the run in a folder, which is made with the first checkpoint.
    ///
    /// - Parameter record: the name of a file that grows as the run goes. What it holds lasts through a
    ///   power cut whenever a checkpoint does.
    public init(of run: Folder, record: String? = nil) {
        place = (run, "checkpoints")
        folder = run.path(of: place.name)
        self.record = record
    }

    /// The store that a folder itself is.
    public init(in folder: Folder) {
        place = (folder, ".")
        self.folder = folder.path
        record = nil
    }

    /// Writes the checkpoint made after `step` steps and removes those that are too old.
    ///
    /// - Returns: the file's path.
    @discardableResult
    public func save(_ bytes: [UInt8], step: Int) throws(FileError) -> String {
        let opened = try place.parent.makeFolder(place.name)
        if let record { try place.parent.sync(record) }
        let digits = String(step)
        let padding = String(repeating: "0", count: max(0, 9 - digits.count))
        let name = "\(Self.prefix)\(padding)\(digits)\(Self.suffix)"
        try opened.writeAtomically(bytes, to: name)
        for old in try Self.checkpoints(in: opened).dropLast(Self.kept) { opened.remove(old) }
        return "\(folder)/\(name)"
    }

    /// The folder as it is now; nil if there is none yet.
    private func open() throws(FileError) -> Folder? {
        try place.parent.folder(place.name)
    }

    /// The names of the checkpoints in a folder, the oldest first.
    private static func checkpoints(in folder: Folder) throws(FileError) -> [String] {
        try folder.names().filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
    }

    /// Removes the checkpoints made after more than `step` steps.
    public func removeCheckpoints(after step: Int) throws(FileError) {
        guard let opened = try open() else { return }
        for name in try Self.checkpoints(in: opened) {
            if let made = Self.step(named: name), made > step { opened.remove(name) }
        }
    }

    /// The newest checkpoint that was made after fewer than `step` steps.
    public func newestPath(before step: Int) -> String? {
        ((try? paths()) ?? []).last { path in self.step(of: path).map { $0 < step } ?? false }
    }

    /// The step that the name of a checkpoint's file tells.
    public func step(of path: String) -> Int? {
        Self.step(named: Files.name(of: path))
    }

    private static func step(named name: String) -> Int? {
        Int(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// The checkpoints' paths, the oldest first.
    ///
    /// - Throws: ``FileError`` if the folder is there but cannot be read.
    public func paths() throws(FileError) -> [String] {
        guard let opened = try open() else { return [] }
        return try Self.checkpoints(in: opened).map { "\(folder)/\($0)" }
    }

    /// The bytes of a file of the store.
    public func read(_ path: String) throws(FileError) -> [UInt8] {
        guard let opened = try open() else {
            throw FileError(operation: "read", path: path, code: ENOENT)
        }
        return try opened.read(Files.name(of: path))
    }

    /// Puts a file of the store out of the way, and gives its new path.
    public func putAside(_ path: String) throws(FileError) -> String {
        let name = Files.name(of: path)
        try open()?.rename(name, to: "\(name).aside")
        return "\(path).aside"
    }

    /// Removes what was left half written where its process was killed.
    public func removeUnfinished() throws(FileError) { try open()?.removeUnfinished() }

    /// The newest checkpoint that is whole, or nil if there is none at all.
    ///
    /// - Returns: the checkpoint, its path, and what was wrong with newer ones.
    /// - Throws: ``CheckpointError`` if there are checkpoints but none is whole, or if the folder or a
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

    /// What a file of the store holds.
    public enum Content {
        /// A whole checkpoint.
        case whole(Checkpoint)
        /// Something else; with what is wrong with it.
        case damaged(String)
        /// Nothing: a run that goes on removes its oldest checkpoint at any time.
        case gone
    }

    /// Reads a file of the store.
    ///
    /// - Throws: ``FileError`` if it cannot be read, though it may be whole.
    public func content(of path: String) throws(FileError) -> Content {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try read(path)
        } catch {
            switch error.code {
            case ENOENT: return .gone
            // A part of the disk that cannot be read is damage like any other.
            case EIO: return .damaged("\(error)")
            default: throw error
            }
        }
        do throws(SafetensorsError) {
            let checkpoint = try Checkpoint(parsing: bytes, path: path)
            // By their names the newest are kept, and older ones removed.
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
