import Glibc

// Replacing, renaming and removing the files of a folder.

extension Folder {
    /// Passes the content of a file to its argument, part by part.
    public typealias Content =
        ((RawSpan) throws(FileError) -> Void) throws(FileError) -> Void

    /// Replaces a file; on any failure the old file stays as it is.
    public func writeAtomically(_ bytes: [UInt8], to name: String) throws(FileError) {
        try writeAtomically(to: name) { write throws(FileError) in try write(bytes.span.bytes) }
    }

    /// Replaces a file by a content that no array holds; on any failure the old file stays as it is.
    public func writeAtomically(to name: String, _ content: Content) throws(FileError) {
        let temporary = try writeTemporary(content, for: name)
        defer { UnfinishedFiles.shared.end(temporary, in: self) }
        do throws(FileError) {
            try move(temporary, to: name, operation: "replace")
        } catch {
            remove(temporary)
            throw error
        }
    }

    /// Writes and syncs a temporary file that will replace `name`, and returns the temporary name.
    private func writeTemporary(
        _ content: Content, for name: String
    ) throws(FileError) -> String {
        // Random, not the process id: containers that share a folder may all run as process 1.
        let temporary = "\(name).\(UInt32.random(in: 1...UInt32.max)).tmp"
        UnfinishedFiles.shared.begin(temporary, in: self)
        do throws(FileError) {
            try writeNew(content, to: temporary)
        } catch {
            UnfinishedFiles.shared.end(temporary, in: self)
            throw FileError(operation: error.operation, path: path(of: name), code: error.code)
        }
        return temporary
    }

    /// Writes and syncs a new file, whole or not at all.
    private func writeNew(_ content: Content, to name: String) throws(FileError) {
        let path = path(of: name)
        let file = try Self.open(
            name, in: descriptor, O_WRONLY | O_CREAT | O_EXCL, 0o666, to: "write", path: path)
        do throws(FileError) {
            defer { close(file) }
            try content { bytes throws(FileError) in
                try Files.writeAll(bytes, to: file, path: path)
            }
            try Files.sync(file, path)
        } catch {
            remove(name)
            throw error
        }
    }

    /// Removes temporary files that ``writeAtomically(_:to:)`` left when its process was killed.
    public func removeUnfinished() throws(FileError) {
        for name in try names() where Self.isUnfinished(name) { remove(name) }
    }

    private static func isUnfinished(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        return parts.count > 2 && parts.last == "tmp" && Int(parts[parts.count - 2]) != nil
    }

    /// Renames a file and replaces any file of the new name.
    public func rename(_ name: String, to other: String) throws(FileError) {
        try move(name, to: other, operation: "rename")
    }

    private func move(
        _ name: String, to other: String, operation: String
    ) throws(FileError) {
        guard renameat(descriptor, name, descriptor, other) == 0 else {
            throw FileError(operation: operation, path: path(of: other), code: errno)
        }
        try sync()
    }

    /// Removes a file, or the link itself, if it exists.
    public func remove(_ name: String) { unlinkat(descriptor, name, 0) }

    /// Removes a folder if it exists and is empty.
    package func removeFolder(_ name: String) { unlinkat(descriptor, name, AT_REMOVEDIR) }
}
