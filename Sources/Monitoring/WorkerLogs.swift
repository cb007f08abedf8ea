import Bounds
import Files
import FoundationEssentials
import Glibc
import Logging

/// The output of the workers that a run has started, in `logs/NAME.log` of its folder.
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
    /// - Throws: ``FileError`` if the file is a link or has another owner, or cannot be made.
    public func make(of worker: String) throws(FileError) {
        close(try folder.openForAppending(Self.name(of: worker)))
    }

    /// The file's name: the host's name as ssh uses it, or `worker-N.log` for a local worker.
    private static func name(of worker: String) -> String {
        worker.replacing(" ", with: "-").prefix(200) + ".log"
    }

    /// Logs a line that a worker has printed, and returns the message for people, if any.
    ///
    /// - Parameters:
    ///   - worker: its name in the run.
    ///   - pid: its process.
    public func note(_ line: String, of worker: String, pid: Int32) -> String? {
        let said = LogLine(parsing: line)
        // Output of a library or of the system has no time.
        let noted =
            said
            ?? LogLine(
                time: Date.now.timeIntervalSince1970, level: .warning,
                process: "\(EventLine.ownHost):\(pid)", message: line)
        let text = plainText(noted.text)
        thread.perform(bytes: text.utf8.count) { [folder] () throws(FileError) in
            let name = Self.name(of: worker)
            // Lines are rare, so the files of up to a thousand workers need not stay open.
            let file = try folder.openForAppending(name)
            defer { close(file) }
            try Files.writeAll(Array("\(text)\n".utf8), to: file, path: folder.path(of: name))
        }
        guard let said else { return line }
        return said.level >= .warning ? "\(said.level): \(said.message)" : nil
    }
}
