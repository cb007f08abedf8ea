import Files
import Glibc
import RunFolder
import Settings

/// The folder of a run.
public struct RunDirectory: Sendable {
    /// The folder's path.
    public let path: String
    /// The open folder, through which all of the run's files are accessed.
    public let folder: Folder
    /// The open and locked log: while this process lives, no other coordinator can use the folder.
    public let log: Int32
    /// Warnings about the folder for people.
    public private(set) var warnings: [String] = []

    /// The run's configuration.
    public var configuration: String { Self.configuration(in: path) }
    /// The log.
    public var logPath: String { Self.log(in: path) }
    /// The metrics, one JSON object per line.
    public var metrics: String { "\(path)/\(MetricsFile.name)" }
    /// The timing, one JSON object about every second.
    public var timing: String { "\(path)/\(TimingFile.name)" }
    /// The record, one line per step.
    public var steps: String { Self.steps(in: path) }
    /// The trained model.
    public var model: String { Self.model(in: path) }
    /// The result.
    public var summary: String { Self.summary(in: path) }
    /// The checkpoints.
    public var checkpoints: CheckpointStore { Self.checkpoints(of: folder) }

    /// The path of a run's configuration.
    public static func configuration(in path: String) -> String { "\(path)/\(configurationName)" }

    /// The path of a run's log.
    public static func log(in path: String) -> String { "\(path)/\(logName)" }

    /// The path of a run's record.
    public static func steps(in path: String) -> String { "\(path)/\(StepsFile.name)" }

    /// The checkpoints of a run's folder.
    ///
    /// - Throws: ``FileError`` if there is no such folder.
    public static func checkpoints(in path: String) throws(FileError) -> CheckpointStore {
        checkpoints(of: try Folder(path))
    }

    private static func checkpoints(of run: Folder) -> CheckpointStore {
        CheckpointStore(of: run, record: StepsFile.name)
    }

    /// The path of a run's result.
    public static func summary(in path: String) -> String { "\(path)/\(summaryName)" }

    /// The path of a run's signature.
    public static func signature(in path: String) -> String { "\(path)/\(signatureName)" }

    /// The path of a run's trained model.
    public static func model(in path: String) -> String { "\(path)/\(modelName)" }

    package static let configurationName = "config.json"
    package static let logName = "coordinator.log"
    private static let modelName = "model.safetensors"
    package static let summaryName = "summary.json"
    private static let signatureName = "signature.json"
    /// The files that grow during a run, except the log.
    private static let recordNames = [
        EventsFile.name, MetricsFile.name, StepsFile.name, TestReport.fileName, TimingFile.name,
        TraceFile.name,
    ]

    /// Reads a file of a run's folder; symbolic links are rejected.
    public static func read(_ path: String) throws(FileError) -> [UInt8] {
        try Folder(Files.folder(of: path)).read(Files.name(of: path))
    }

    /// Reads one of the run's files.
    public func read(_ path: String) throws(FileError) -> [UInt8] {
        try folder.read(Files.name(of: path))
    }

    /// Replaces one of the run's files.
    public func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try folder.writeAtomically(bytes, to: Files.name(of: path))
    }

    /// Makes the folder of a new run.
    ///
    /// - Throws: ``RunDirectoryError`` if it holds a run, or cannot be made.
    public static func create(_ path: String) throws(RunDirectoryError) -> RunDirectory {
        let folder: Folder
        do throws(FileError) {
            try Files.makeFolder(path)
            folder = try Folder(path)
        } catch {
            throw .file(error.naming("--run-dir"))
        }
        guard try !holdsRun(folder) else { throw .holdsRun(path) }
        for name in recordNames
            + [TensorBoardFile.folderName, modelName, summaryName, signatureName]
        where folder.holds(name) {
            throw .holdsRest(path, name: name)
        }
        return try RunDirectory(folder)
    }

    /// Whether a path holds a run that can be resumed; a missing folder holds none.
    ///
    /// - Throws: ``RunDirectoryError`` if the folder cannot be read.
    public static func holdsRun(_ path: String) throws(RunDirectoryError) -> Bool {
        do throws(RunDirectoryError) {
            return try holdsRun(existing(path))
        } catch .noRun {
            return false
        }
    }

    /// Whether a folder holds a resumable run: a configuration or a checkpoint, which contains all
    /// settings that determine the weights.
    private static func holdsRun(_ folder: Folder) throws(RunDirectoryError) -> Bool {
        if folder.holds(configurationName) { return true }
        do throws(FileError) {
            return try !checkpoints(of: folder).paths().isEmpty
        } catch {
            throw .file(error)
        }
    }

    /// Opens a folder that should hold a run.
    private static func existing(_ path: String) throws(RunDirectoryError) -> Folder {
        do throws(FileError) {
            return try Folder(path)
        } catch {
            throw error.code == ENOENT ? .noRun(path) : .file(error)
        }
    }

    /// The configuration of the run in a folder.
    ///
    /// If the file is missing, for example after a power cut, the newest checkpoint's settings are
    /// used.
    /// - Throws: ``RunDirectoryError`` if there is no run, ``ConfigurationError`` if the file is
    ///   damaged, ``FileError`` or ``CheckpointError`` if nothing can be read.
    public static func savedConfiguration(in path: String) throws -> RunConfiguration {
        try savedConfiguration(of: try existing(path))
    }

    private static func savedConfiguration(of folder: Folder) throws -> RunConfiguration {
        let file = folder.path(of: configurationName)
        let checkpoints = checkpoints(of: folder)
        if folder.holds(configurationName) {
            let bytes = try folder.read(configurationName)
            do throws(ConfigurationError) {
                return try RunConfiguration(parsing: bytes, path: file)
            } catch .unreadableFile(_, let reason) {
                let hasCheckpoint = try !checkpoints.paths().isEmpty
                let remedy =
                    hasCheckpoint
                    ? "; put it away, and --resume takes the settings of the newest checkpoint" : ""
                throw ConfigurationError.unreadableFile(path: file, reason: reason + remedy)
            }
        }
        guard let newest = try checkpoints.newest() else {
            throw RunDirectoryError.noRun(folder.path)
        }
        var configuration = RunConfiguration()
        configuration.training = newest.checkpoint.configuration
        configuration.dataDigest = newest.checkpoint.dataDigest
        return configuration
    }

    /// The weights' file for a path: the path itself if it is a file; in a run's folder the model,
    /// or else the newest intact checkpoint.
    ///
    /// - Throws: ``RunDirectoryError`` if a folder has neither, ``CheckpointError`` if no
    ///   checkpoint in it is intact.
    public static func weights(at path: String) throws -> String {
        guard Files.isFolder(path) else { return path }
        let folder = try Folder(path)
        if folder.holds(modelName) {
            // Rejects a symbolic link here; a file that the user names may be one.
            close(try folder.openForReading(modelName).file)
            return model(in: path)
        }
        for store in [checkpoints(of: folder), CheckpointStore(in: folder)] {
            if let newest = try store.newest() { return newest.path }
        }
        throw RunDirectoryError.noWeights(path)
    }

    /// Renames a checkpoint or another file to set it aside, and returns its new path.
    public func putAside(_ file: String) throws(FileError) -> String {
        guard Files.folder(of: file) != checkpoints.folder else {
            return try checkpoints.putAside(file)
        }
        let name = Files.name(of: file)
        try folder.rename(name, to: "\(name).aside")
        return "\(file).aside"
    }

    /// Opens the folder of a run to resume.
    ///
    /// A missing configuration is restored from the newest checkpoint.
    /// - Throws: ``RunDirectoryError`` if there is none, or if the run is in use; errors of
    ///   ``savedConfiguration(in:)``.
    public static func open(_ path: String) throws -> RunDirectory {
        let folder = try existing(path)
        guard try holdsRun(folder) else { throw RunDirectoryError.noRun(path) }
        var directory = try RunDirectory(folder)
        try folder.removeUnfinished()
        try directory.checkpoints.removeUnfinished()
        if !folder.holds(configurationName) {
            let saved = try savedConfiguration(of: folder)
            try folder.writeAtomically(saved.encoded(), to: configurationName)
            directory.warnings.append(
                "\(directory.configuration) was missing: restored it from the newest checkpoint")
        }
        return directory
    }

    /// Removes a new run's folder before its first step, so that its name can be reused.
    public func discard() {
        for name in Self.recordNames + [Self.configurationName, Self.logName] {
            folder.remove(name)
        }
        TensorBoardFile.remove(from: folder)
        rmdir(path)
    }

    private init(_ folder: Folder) throws(RunDirectoryError) {
        self.folder = folder
        path = folder.path
        do throws(FileError) {
            log = try folder.openForAppending(Self.logName)
        } catch {
            throw .file(error)
        }
        switch Files.lock(log) {
        case .locked: break
        case .unsupported(let code):
            warnings.append(
                "the file system of \(path) has no locks (\(String(cString: strerror(code)))): make "
                    + "sure that no second coordinator uses this folder")
        case .taken:
            close(log)
            throw .inUse(path)
        }
    }

    /// Makes a folder for a run without a given one: `runs/20250131-235959-rnn`, with a number
    /// appended if that exists.
    ///
    /// - Throws: ``RunDirectoryError`` if it cannot be made.
    public static func makeFresh(
        in folder: String = "runs", label: String
    ) throws(RunDirectoryError) -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y%m%d-%H%M%S", &parts)
        let stamp = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let base = "\(folder)/\(stamp)-\(label)"
        var path = base
        var number = 1
        do throws(FileError) {
            try Files.makeFolder(folder)
            // The creation itself is the check, because runs may start at the same time.
            while try !Files.makeNewFolder(path) {
                number += 1
                path = "\(base)-\(number)"
            }
        } catch {
            throw .file(error.naming("--run-dir"))
        }
        return path
    }
}

/// Why a folder cannot hold a run.
public enum RunDirectoryError: Error, CustomStringConvertible, Equatable {
    /// A new run would overwrite another.
    case holdsRun(String)
    /// The folder has files of another run that cannot be resumed.
    case holdsRest(String, name: String)
    /// There are no weights.
    case noWeights(String)
    /// There is no run to resume.
    case noRun(String)
    /// A coordinator is using it.
    case inUse(String)
    /// It cannot be written.
    case file(FileError)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .holdsRun(let path):
            "\(path) already holds a run: resume it with --resume \(path), or give a new --run-dir"
        case .holdsRest(let path, let name):
            "\(path) holds \(name) of another run, which cannot go on without config.json or a "
                + "checkpoint: put that file away, or give a new --run-dir"
        case .noWeights(let path):
            "\(path) holds no model.safetensors and no checkpoint: name a model, a checkpoint or the "
                + "folder of a run"
        case .noRun(let path):
            "\(path) holds no run (it has no config.json): check the path given to --resume"
        case .inUse(let path):
            "the run in \(path) is in use by another coordinator: wait for it, stop it, "
                + "or give a new --run-dir"
        case .file(let error): "\(error)"
        }
    }
}
