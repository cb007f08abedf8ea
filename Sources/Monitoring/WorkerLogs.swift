import Bounds
import FoundationEssentials
import Glibc
import Logging
import Training

/// What the workers that a run has started say, in `logs/NAME.log` of its folder.
public struct WorkerLogs: Sendable {
    private let folder: Folder
    private let thread: RecordThread

    /// The logs in the folder of a run.
    ///
    /// - Throws: ``FileError`` if they cannot be made there.
    public init(in run: Folder, on thread: RecordThread) throws(FileError) {
        folder = try run.makeFolder("logs")
        self.thread = thread
    }

    /// Makes the log of a worker.
    ///
    /// - Throws: ``FileError`` if it is no file of the run's own, or cannot be made.
    public func make(of worker: String) throws(FileError) {
        close(try folder.openForAppending(Self.name(of: worker)))
    }

    /// The file's name: of a host, what ssh calls it; of a local worker, `worker-N.log`.
    private static func name(of worker: String) -> String {
        worker.replacing(" ", with: "-").prefix(200) + ".log"
    }

    /// Notes a line that a worker has printed, and gives what a person should be told of it.
    ///
    /// - Parameters:
    ///   - worker: its name in the run.
    ///   - pid: its process.
    public func note(_ line: String, of worker: String, pid: Int32) -> String? {
        let said = LogLine(parsing: line)
        // What a library or the system prints has no time before it.
        let noted =
            said
            ?? LogLine(
                time: Date.now.timeIntervalSince1970, level: .warning,
                process: "\(EventLine.ownHost):\(pid)", message: line)
        let text = plainText(noted.text)
        thread.perform(bytes: text.utf8.count) { [folder] () throws(FileError) in
            let name = Self.name(of: worker)
            // Few lines come, and a file for each of a thousand workers need not stay open.
            let file = try folder.openForAppending(name)
            defer { close(file) }
            try Files.writeAll(Array("\(text)\n".utf8), to: file, path: folder.path(of: name))
        }
        guard let said else { return line }
        return said.level >= .warning ? "\(said.level): \(said.message)" : nil
    }
}
