import FoundationEssentials
import Glibc

extension Files {
    /// Makes a folder and its parents; does nothing if they exist.
    ///
    /// - Parameter isPrivate: whether only this user may enter the new folders, whatever the umask is.
    public static func makeFolder(
        _ path: String, isPrivate: Bool = false
    ) throws(FileError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            // Some network drives refuse `mkdir` even for a folder that exists.
            if isFolder(made) { continue }
            do throws(FileError) {
                if try !makeNewFolder(made, isPrivate: isPrivate), !isFolder(made) {
                    throw FileError(operation: "make the folder", path: made, code: ENOTDIR)
                }
            } catch {
                throw FileError(operation: error.operation, path: path, code: error.code)
            }
        }
    }

    /// Makes a folder in an existing one; false if the path exists already.
    public static func makeNewFolder(
        _ path: String, isPrivate: Bool = false
    ) throws(FileError) -> Bool {
        guard mkdir(path, isPrivate ? 0o700 : 0o777) == 0 else {
            if errno == EEXIST { return false }
            throw FileError(operation: "make the folder", path: path, code: errno)
        }
        try inFolder(of: path, to: "sync") { folder, _ throws(FileError) in try folder.sync() }
        return true
    }

    /// The folder for temporary folders: TMPDIR, or else /tmp.
    public static var temporaryFolder: String {
        let named = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        return named.isEmpty ? "/tmp" : named
    }

    /// Makes a folder with a new name that only this user may enter, and returns its path.
    ///
    /// - Parameters:
    ///   - prefix: the start of the name.
    ///   - folder: where the new folder goes.
    public static func makeTemporaryFolder(
        _ prefix: String, in folder: String = temporaryFolder
    ) throws(FileError) -> String {
        var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(
                operation: "make a folder in", path: folder, code: errno, option: "TMPDIR")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a folder, sorted; empty if the folder does not exist.
    public static func names(in folder: String) throws(FileError) -> [String] {
        let opened: Folder
        do throws(FileError) {
            opened = try Folder(folder)
        } catch  where error.code == ENOENT {
            return []
        }
        return try opened.names()
    }

    /// The folder that a path lies in.
    public static func folder(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
    }

    /// The last part of a path.
    public static func name(of path: String) -> String {
        String(path.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
    }

    /// Whether a path leads to a folder.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
