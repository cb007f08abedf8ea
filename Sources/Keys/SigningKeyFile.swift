import Files
import Glibc
import Hashing

/// Files with the keys that sign runs, in the PEM format.
public enum SigningKeyFile {
    /// Reads a private key, which no other user may be able to read.
    public static func readPrivate(_ path: String) throws(SigningKeyError) -> SigningKey {
        let bytes: [UInt8]?
        do throws(KeyError) {
            bytes = try SecretFile.read(path)
        } catch {
            throw SigningKeyError(error, path: path)
        }
        guard let bytes else {
            throw .file(FileError(operation: "read", path: path, code: ENOENT))
        }
        do throws(KeyTextError) {
            return try SigningKey(pem: bytes)
        } catch {
            throw .unusable(path: path, error, isPrivate: true)
        }
    }

    /// Reads a public key.
    public static func readPublic(_ path: String) throws(SigningKeyError) -> VerifyingKey {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path)
        } catch {
            throw .file(error)
        }
        do throws(KeyTextError) {
            return try VerifyingKey(pem: bytes)
        } catch {
            throw .unusable(path: path, error, isPrivate: false)
        }
    }

    /// Makes a new pair: the private key at a path, the public one beside it.
    ///
    /// - Returns: the path of the public key.
    /// - Throws: ``SigningKeyError`` if either exists already, or cannot be written; then none is made.
    public static func make(_ path: String) throws(SigningKeyError) -> String {
        let (key, publicPath) = (SigningKey.random(), "\(path).pub")
        do throws(KeyError) {
            try SecretFile.make(String(decoding: key.pem, as: UTF8.self), at: path)
        } catch {
            throw SigningKeyError(error, path: path)
        }
        do throws(SigningKeyError) {
            try writeNew(key.publicKey.pem, to: publicPath)
        } catch {
            unlink(path)
            throw error
        }
        return publicPath
    }

    /// Writes a new file with mode 0666 less the umask.
    private static func writeNew(_ bytes: [UInt8], to path: String) throws(SigningKeyError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard file >= 0 else {
            let code = errno
            if code == EEXIST { throw .exists(path) }
            throw .file(FileError(operation: "write", path: path, code: code))
        }
        defer { close(file) }
        do throws(FileError) {
            try Files.writeAll(bytes, to: file, path: path)
            try Folder(Files.folder(of: path)).sync(Files.name(of: path))
        } catch {
            unlink(path)
            throw .file(error)
        }
    }
}
