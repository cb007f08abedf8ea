import Files
import Hashing
import KernelInterface
import Keys
import Monitoring
import Training
import Verification

/// Signs a completed run.
struct RunSigner {
    private let key: SigningKey
    private let path: String

    /// Reads and checks the key before training, so that an error does not show up hours later.
    ///
    /// - Throws: ``SigningKeyError`` if it cannot sign.
    init(keyFile: String) throws {
        key = try SigningKeyFile.readPrivate(keyFile)
        path = try Files.absolutePath(keyFile)
    }

    /// The option with a leading space for a command that resumes the run in any folder.
    var text: String { " --sign \(shellWord(path))" }

    /// Signs the completed run in a folder.
    ///
    /// - Returns: a line about the signature.
    /// - Throws: ``VerificationError`` if the run would not verify, ``FileError``.
    func sign(_ directory: RunDirectory, _ job: Job, _ parameters: Snapshot) throws -> String {
        let digest = try RunDigest(ofRunIn: directory.path, job, parameters)
        try directory.write(
            RunSignature(digest, by: key).encoded(),
            to: RunDirectory.signature(in: directory.path))
        return "  signed         sha256 \(digest.digits)"
    }
}
