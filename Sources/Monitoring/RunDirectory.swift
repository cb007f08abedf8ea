import Glibc
import Training

/// The folder that a run leaves behind.
public struct RunDirectory: Sendable {
    /// The folder's path.
    public let path: String
    /// The open, locked log file: while this process lives, no other can use the folder.
    public let log: Int32

    /// The run's configuration.
    public var configuration: String { Self.configuration(in: path) }
    /// The log.
    public var logPath: String { Self.log(in: path) }
    /// The metrics, a JSON object a line.
    public var metrics: String { "\(path)/metrics.jsonl" }
    /// The record, a line a step.
    public var steps: String { Self.steps(in: path) }
    /// The trained model.
    public var model: String { Self.model(in: path) }
    /// The result.
    public var summary: String { Self.summary(in: path) }
    /// The checkpoints.
    public var checkpoints: CheckpointStore { Self.checkpoints(in: path) }

    /// Where a run's folder keeps its configuration.
    public static func configuration(in path: String) -> String { "\(path)/config.json" }

    /// Where a run's folder keeps the log.
    public static func log(in path: String) -> String { "\(path)/coordinator.log" }

    /// Where a run's folder keeps its record.
    public static func steps(in path: String) -> String { "\(path)/steps.csv" }

    /// The checkpoints of a run's folder.
    public static func checkpoints(in path: String) -> CheckpointStore {
        CheckpointStore(folder: "\(path)/checkpoints", record: steps(in: path))
    }

    /// Where a run's folder keeps the result.
    public static func summary(in path: String) -> String { "\(path)/summary.json" }

    /// Where a run's folder keeps the trained model.
    public static func model(in path: String) -> String { "\(path)/model.safetensors" }

    /// Makes the folder of a new run.
    ///
    /// - Throws: ``RunDirectoryError`` if it holds a run, or cannot be made.
    public static func create(_ path: String) throws(RunDirectoryError) -> RunDirectory {
        for name in [
            "config.json", "metrics.jsonl", "steps.csv", "model.safetensors", "summary.json",
        ] where Files.exists("\(path)/\(name)") {
            throw .holdsRun(path)
        }
        if !Files.names(in: "\(path)/checkpoints").isEmpty { throw .holdsRun(path) }
        do throws(FileError) {
            try Files.makeFolder(path)
        } catch {
            throw .file(error)
        }
        return try RunDirectory(path)
    }

    /// Opens the folder of a run that is to go on.
    ///
    /// - Throws: ``RunDirectoryError`` if there is none, or if the run is going on already.
    public static func open(_ path: String) throws(RunDirectoryError) -> RunDirectory {
        guard Files.exists(configuration(in: path)) else { throw .noRun(path) }
        let directory = try RunDirectory(path)
        for folder in [path, directory.checkpoints.folder] { Files.removeUnfinished(in: folder) }
        return directory
    }

    /// Takes back a new run's folder before its first step, so that the same name can be used again.
    public func discard() {
        for file in [configuration, logPath, metrics, steps] { Files.remove(file) }
        rmdir(path)
    }

    private init(_ path: String) throws(RunDirectoryError) {
        self.path = path
        do throws(FileError) {
            log = try Files.openForAppending(Self.log(in: path))
        } catch {
            throw .file(error)
        }
        guard flock(log, LOCK_EX | LOCK_NB) == 0 else {
            close(log)
            throw .inUse(path)
        }
    }

    /// Makes the folder of a run that was given none: `runs/20250131-235959-rnn`, or the same with a
    /// number behind it where another run has taken that.
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
            // Looking first would not do: runs that start at once would all see that it is free.
            while try !Files.makeNewFolder(path) {
                number += 1
                path = "\(base)-\(number)"
            }
        } catch {
            throw .file(error)
        }
        return path
    }
}

/// Why a folder cannot hold a run.
public enum RunDirectoryError: Error, CustomStringConvertible, Equatable {
    /// A new run was to be written over another.
    case holdsRun(String)
    /// There is no run to go on with.
    case noRun(String)
    /// A coordinator is at work in it.
    case inUse(String)
    /// It cannot be written.
    case file(FileError)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .holdsRun(let path):
            "\(path) holds another run: go on with it by --resume \(path), or give a new --run-dir"
        case .noRun(let path):
            "\(path) holds no run (it has no config.json): check the path given to --resume"
        case .inUse(let path):
            "the run in \(path) is being carried out by another coordinator: wait for it, stop it, "
                + "or give a new --run-dir"
        case .file(let error): "\(error)"
        }
    }
}
