import Files
import Foundation
import Glibc
import Hashing
import Monitoring
import Settings
import Testing
import Verification

@Suite("The digest of a run and its signature")
struct DigestTests {
    private static let digest = "cecf60324aa2f9cf3af56359c88b1b29589ec3eede06852d1f214ad7513c9fdd"

    @Test("depend only on the recipe, in this and every later version")
    func same() async throws {
        var digests: Set<String> = []
        for _ in 0..<2 {
            try await FolderRun.whole { run in
                let digest = try #require(try await run.verify().digest)
                digests.insert(digest.digits)
                // How a run is carried out is not part of the digest.
                let path = RunDirectory.configuration(in: run.path)
                var configuration = try RunConfiguration(parsing: Files.read(path), path: path)
                (configuration.workers, configuration.threads) = (2, 2)
                (configuration.data, configuration.logEvery) = ("/elsewhere", 7)
                try Files.writeAtomically(configuration.encoded(), to: path)
                #expect(try await run.verify().digest == digest)
                #expect(try await run.verify(from: 10).digest == digest)
            }
        }
        // A signature must stay valid for ever, so no version may compute the digest differently.
        #expect(digests == [Self.digest])
    }

    @Test("differ for other settings, and need a complete run")
    func others() async throws {
        let digest = try await FolderRun.whole { try await $0.verify().digest }
        let other = try await FolderRun.whole(hidden: 4) { try await $0.verify().digest }
        #expect(digest != nil && other != nil && digest != other)
        try await FolderRun.whole { run in
            unlink(RunDirectory.signature(in: run.path))
            unlink(RunDirectory.model(in: run.path))
            let report = try await run.verify()
            #expect(report.isVerified && report.digest == nil)
        }
    }

    @Test("verify with the one key that signed, and the verifier names it")
    func signatures() async throws {
        try await FolderRun.whole { run in
            let report = try await run.verify(by: FolderRun.signer.publicKey)
            #expect(report.isVerified && report.signer == "key.pub")
            #expect(report.identity.last == "signature   ed25519, by key.pub")
            #expect(
                try await run.verify().identity.last
                    == "signature   ed25519, not checked (give --signed-by)")
            let path = RunDirectory.signature(in: run.path)
            await #expect(throws: VerificationError.otherKey(path: path, key: "key.pub")) {
                try await run.verify(by: SigningKey.random().publicKey)
            }
            unlink(path)
            await #expect(throws: VerificationError.notSigned(path: path)) {
                try await run.verify(by: FolderRun.signer.publicKey)
            }
        }
    }

    @Test("do not verify with another run's signature by the right key")
    func otherRun() async throws {
        let other = try await FolderRun.whole(hidden: 4) { run in
            try Files.read(RunDirectory.signature(in: run.path))
        }
        try await FolderRun.whole { run in
            let path = RunDirectory.signature(in: run.path)
            try Data(other).write(to: URL(filePath: path))
            let findings = try await run.verify(by: FolderRun.signer.publicKey).findings
            #expect(findings.map(\.file) == [path])
            #expect(findings[0].message.contains("it signs the run with the digest"))
        }
    }

    @Test("do not verify after any bit of the signature changes")
    func bits() async throws {
        try await FolderRun.whole { run in
            let path = RunDirectory.signature(in: run.path)
            let original = try Files.read(path)
            for place in original.indices {
                var bytes = original
                bytes[place] ^= 1 << (place % 8)
                try Data(bytes).write(to: URL(filePath: path))
                await #expect(throws: VerificationError.self, "byte \(place)") {
                    try await run.verify(by: FolderRun.signer.publicKey)
                }
            }
        }
    }

    @Test("need a complete record")
    func halfRecord() async throws {
        try await FolderRun.whole { run in
            let path = RunDirectory.steps(in: run.path)
            try Data(try Files.read(path).dropLast(10)).write(to: URL(filePath: path))
            #expect(throws: VerificationError.self) { try run.sign() }
        }
    }
}
