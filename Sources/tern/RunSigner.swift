import Hashing
import KernelInterface
import Keys
import Monitoring
import Training
import Verification

/// Signs a run when it is complete.
struct RunSigner {
    private let key: SigningKey
    private let path: String

    /// Reads and checks the key: before hours of training, not after.
    ///
    /// - Throws: ``SigningKeyError`` if it cannot sign.
    init(keyFile: String) throws {
        key = try SigningKeyFile.readPrivate(keyFile)
        path = try Files.absolutePath(keyFile)
    }

    /// The option for a command line that goes on with the run in any folder, behind a space.
    var text: String { " --sign \(shellWord(path))" }

    /// Signs the run in a folder, which has come to its end with these parameters.
    ///
    /// - Returns: the line that tells it.
    /// - Throws: ``VerificationError`` if the run would not verify, ``FileError``.
    func sign(_ directory: RunDirectory, _ job: Job, _ parameters: Snapshot) throws -> String {
        let digest = try RunDigest(ofRunIn: directory.path, job, parameters)
        try directory.write(
            RunSignature(digest, by: key).encoded(),
            to: RunDirectory.signature(in: directory.path))
        return "  signed         sha256 \(digest.digits)"
    }
}
