import Files
import FoundationEssentials
import Glibc

/// The lock that a coordinator holds on its log while it lives.
public enum CoordinatorLock {
    /// Whether a process of this machine holds the lock on a file in a run's folder; nil if
    /// unknown.
    ///
    /// It reads the system's lock table instead of trying the lock, because a try could keep a
    /// coordinator from starting. Locks of other machines and of other containers are not visible.
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

    /// Whether a line such as `1: FLOCK  ADVISORY  WRITE 4711 fd:00:123 0 EOF` is a lock on the
    /// file.
    ///
    /// Only the inode is compared, because stacked file systems show another device here than in
    /// `stat`.
    private static func isLock(_ line: Substring, onFile number: UInt) -> Bool {
        let words = line.split(separator: " ")
        // The line of a process that waits for a lock has an arrow after the first word.
        guard words.count >= 6, words[1] == "FLOCK" || words[1] == "OFDLCK" else { return false }
        return words[5].split(separator: ":").last.flatMap { UInt($0) } == number
    }
}
