import Bounds
import FoundationEssentials
import Glibc
import Logging
import Training

/// What local workers say, in `logs/worker-N.log` of a run's folder.
public struct WorkerLogs: Sendable {
    private let folder: Folder
    private let thread: RecordThread

    /// Makes the logs of so many workers, in the folder of a run.
    ///
    /// - Throws: ``FileError`` if one of them is no file of the run's own, or cannot be made.
    public init(of workers: Int, in run: Folder, on thread: RecordThread) throws(FileError) {
        folder = try run.makeFolder("logs")
        self.thread = thread
        for worker in 0..<workers { close(try folder.openForAppending(Self.name(of: worker + 1))) }
    }

    private static func name(of worker: Int) -> String { "worker-\(worker).log" }

    /// Notes a line that a worker has printed, and gives what a person should be told of it.
    ///
    /// - Parameters:
    ///   - worker: its place among the local workers, counted from 1.
    ///   - pid: its process.
    public func note(_ line: String, of worker: Int, pid: Int32) -> String? {
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
