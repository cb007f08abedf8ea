import FoundationEssentials
import Glibc
import Training

/// The lock that a coordinator holds on its log for as long as it lives.
public enum CoordinatorLock {
    /// Whether a process of this machine holds the lock on a file in a run's folder; nil where that cannot be known.
    ///
    /// It is looked up and not tried: whoever tried it would keep a coordinator from starting meanwhile. Locks of
    /// other machines, and those of processes in other containers, do not show.
    /// - Throws: ``FileError`` if the file cannot be read.
    public static func isHeld(on name: String, in folder: Folder) throws(FileError) -> Bool? {
        let file = try folder.openForReading(name).file
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0,
            let locks = FileManager.default.contents(atPath: "/proc/locks")
        else { return nil }
        return String(decoding: locks, as: UTF8.self).split(separator: "\n").contains { line in
            isLock(line, onFile: status.st_ino)
        }
    }

    /// Whether a line such as `1: FLOCK  ADVISORY  WRITE 4711 fd:00:123 0 EOF` tells of a lock on a file.
    ///
    /// Only the file's number counts: stacked file systems have other numbers for a device here and in `stat`.
    private static func isLock(_ line: Substring, onFile number: UInt) -> Bool {
        let words = line.split(separator: " ")
        // A process that waits for a lock has an arrow behind the first word.
        guard words.count >= 6, words[1] == "FLOCK" || words[1] == "OFDLCK" else { return false }
        return words[5].split(separator: ":").last.flatMap { UInt($0) } == number
    }
}
