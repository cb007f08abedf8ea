import FoundationEssentials
import Glibc
import Hashing
import Testing

@Suite("A completed run can be signed", .bench)
struct SignatureTests {
    /// Writes a file with this mode to the bench, and returns its path.
    private func file(_ name: String, _ text: [UInt8], mode: mode_t = 0o600) throws -> String {
        let path = bench.path(name)
        try Data(text).write(to: URL(filePath: path))
        #expect(chmod(path, mode) == 0)
        return path
    }

    /// A new key pair on the bench.
    private func pair(_ name: String) throws -> (secret: String, shared: String) {
        let key = SigningKey.random()
        return (try file(name, key.pem), try file("\(name).pub", key.publicKey.pem, mode: 0o644))
    }

    @Test("with the digest that verify prints, for any workers, and checked with the public key")
    func signed() async throws {
        let (data, mine, other) = (try SampleData(), try pair("mine"), try pair("other"))
        var digests: Set<String> = []
        for workers in ["1", "3"] {
            let run = RunFolder("run\(workers)")
            let recipe = Recipe.small.with("--workers", workers, "--sign", mine.secret)
            let train = try await tern(recipe.arguments(data, into: run))
            _ = try run.completed(train)
            let line = try #require(train.output.firstMatch(of: /signed +sha256 ([0-9a-f]{64})/))
            let verify = try await tern(["verify", run.path, "--signed-by", mine.shared])
            #expect(verify.status == 0 && verify.errors == "", "\(verify)")
            #expect(verify.output.contains("\nrun digest  sha256 \(line.output.1)\n"))
            #expect(verify.output.hasSuffix("\nsignature   ed25519, by \(mine.shared)\n"))
            digests.insert(String(line.output.1))
            try await expectRefusal(
                ["verify", run.path, "--signed-by", other.shared], status: 65,
                "\(run.path)/signature.json was not made with the private half of \(other.shared)")
        }
        #expect(digests.count == 1)
    }

    @Test("but an altered or unsigned run fails the check")
    func altered() async throws {
        let (data, run, mine) = (try SampleData(), RunFolder(), try pair("mine"))
        _ = try await Recipe.small.train(data, into: run)
        try await expectRefusal(
            ["verify", run.path, "--signed-by", mine.shared], status: 65,
            "\(run.path)/signature.json does not exist: the run was not signed")
        // Anyone with its folder can sign it later.
        _ = try run.completed(
            try await tern(["train", "--resume", run.path, "--sign", mine.secret]))
        #expect(try await tern(["verify", run.path, "--signed-by", mine.shared]).status == 0)
        // Replaces one base64 digit by another one.
        try run.change("signature.json") { bytes in
            let index = bytes.count - 9
            bytes[index] = UInt8(ascii: bytes[index] == UInt8(ascii: "A") ? "B" : "A")
        }
        try await expectRefusal(
            ["verify", run.path, "--signed-by", mine.shared], status: 65,
            "\(run.path)/signature.json", "was altered")
        let unchecked = try await tern(["verify", run.path])
        #expect(unchecked.output.hasSuffix("not checked (give --signed-by)\n"), "\(unchecked)")
        try run.change("signature.json") { $0[0] ^= 1 }
        try await expectRefusal(
            ["verify", run.path], status: 65, "\(run.path)/signature.json is not a signature")
    }

    @Test("unless the key is invalid, which ends the command before it does anything")
    func badKeys() async throws {
        let (data, run, mine) = (try SampleData(), RunFolder(), try pair("mine"))
        let words = "PRIVATE KEY"
        let text = String(decoding: try readFile(mine.secret), as: UTF8.self)
        let encrypted = Array(text.replacing(words, with: "ENCRYPTED \(words)").utf8)
        let bad: [(String, Int32, String)] = [
            (bench.path("none"), 66, "cannot read"), (bench.path(""), 74, "Is a directory"),
            (mine.shared, 65, "holds a public key, where the private one is needed"),
            (try file("empty", []), 65, "holds no key in the PEM format"),
            (try file("long", encrypted), 65, "is encrypted with a passphrase"),
            (
                try file("kind", Array(text.replacing("K2Vw", with: "K2Vu").utf8)), 65,
                "holds a key of the kind X25519, not ED25519"
            ),
            (
                try file("open", Array(text.utf8), mode: 0o644), 78,
                "can be read or changed by other"
            ),
        ]
        for (path, status, part) in bad {
            if path == mine.shared { chmod(path, 0o600) }
            let arguments = Recipe.small.with("--sign", path).arguments(data, into: run)
            try await expectRefusal(arguments, status: status, part)
            #expect(access(run.path, F_OK) != 0, "no folder was made")
        }
        _ = try await Recipe.small.train(data, into: run)
        try await expectRefusal(
            ["verify", run.path, "--signed-by", mine.secret], status: 65,
            "\(mine.secret) holds a private key, where the public one is needed")
        try await expectRefusal(
            ["verify", run.path, "--signed-by", bench.path("none")], status: 66, "cannot read")
    }

    @Test("after a stop and a resume, which sets older signatures aside")
    func resumed() async throws {
        let (data, run, mine) = (try SampleData.large(), RunFolder(), try pair("mine"))
        let recipe = Recipe.long.with("--schedule", "constant", "--sign", mine.secret)
        let train = try start(recipe.arguments(data, into: run))
        try await train.line("Epoch [2/4], Step [20/600]")
        train.signal(SIGTERM)
        let stopped = try await train.end()
        #expect(stopped.status == 143)
        #expect(stopped.output.contains("--resume \(run.path) --sign \(mine.secret)"), "\(stopped)")
        #expect(access(run.path("signature.json"), F_OK) != 0)
        _ = try await run.resume("--sign", mine.secret)
        let check = ["verify", run.path, "--signed-by", mine.shared, "--from", "2400"]
        #expect(try await tern(check).status == 0)
        let longer = try await tern(["train", "--resume", run.path, "--epochs", "5"])
        _ = try run.completed(longer)
        #expect(longer.output.contains("skipping a signature: \(run.path)/signature.json"))
        try await expectRefusal(check, status: 65, "\(run.path)/signature.json does not exist")
        #expect(try await tern(["verify", run.path, "--from", "3000"]).status == 0)
    }
}
