import Keys
import Testing

@Suite("A worker's credential") struct WorkerCredentialTests {
    private func credential(in folder: String) throws -> WorkerCredential {
        let key = try CoordinatorKey.make(at: "\(folder)/coordinator")
        return try WorkerCredential(name("gpu1"), for: key)
    }

    @Test("is one line: the name, the coordinator's public key, and a secret")
    func line() throws {
        try withFolder { folder in
            let credential = try credential(in: folder)
            try credential.save(to: "\(folder)/gpu1.key")
            let read = try WorkerCredential(path: "\(folder)/gpu1.key")
            #expect(read.line == credential.line)
            #expect(read.publicKey == credential.publicKey)
            let line = try content(of: "\(folder)/gpu1.key")
            #expect(line == "\(credential.line)\n")
            #expect(line.contains(/^tern-worker-1 gpu1 [0-9a-f]{64} [0-9a-f]{64}\n$/))
            #expect(try mode(of: "\(folder)/gpu1.key") == 0o600)
            #expect(!credential.description.contains(line.split(separator: " ")[3].dropLast()))
        }
    }

    @Test("may lack a final line break, as pasted text does")
    func withoutLineEnd() throws {
        try withFolder { folder in
            let credential = try credential(in: folder)
            try write(credential.line, to: "\(folder)/gpu1.key")
            #expect(try WorkerCredential(path: "\(folder)/gpu1.key").line == credential.line)
        }
    }

    @Test("never replaces another")
    func isNew() throws {
        try withFolder { folder in
            let path = "\(folder)/gpu1.key"
            let first = try credential(in: folder)
            try first.save(to: path)
            #expect(throws: KeyError.exists(path: path)) { try first.save(to: path) }
        }
    }

    @Test("is rejected if a word is changed, missing or added")
    func malformed() throws {
        try withFolder { folder in
            let path = "\(folder)/gpu1.key"
            let words = try credential(in: folder).line.split(separator: " ").map(String.init)
            let key = words[2]
            let others: [[String]] = [
                [], Array(words.dropLast()), words + ["x"], ["tern-worker-2"] + words.dropFirst(),
                [words[0], "a/b", words[2], words[3]],
                [words[0], words[1], key + ",", words[3]],
                [words[0], words[1], "\(key),\(key),\(key)", words[3]],
                [words[0], words[1], String(key.dropLast()), words[3]],
                [words[0], words[1], words[2], words[3] + "\n"],
            ]
            for other in others {
                try write(other.joined(separator: " "), to: path)
                if other.last?.hasSuffix("\n") == true {
                    _ = try WorkerCredential(path: path)
                } else {
                    #expect(throws: KeyError.malformed(path: path, .credential), "\(other)") {
                        try WorkerCredential(path: path)
                    }
                }
            }
        }
    }

    @Test("can trust a second public key of its coordinator, but no third")
    func trust() throws {
        try withFolder { folder in
            let path = "\(folder)/gpu1.key"
            let credential = try credential(in: folder)
            try credential.save(to: path)
            let second = try #require(PublicKey(digits(64)))
            for _ in 0..<2 {
                try WorkerCredential.trust(second, inFile: path)
                let read = try WorkerCredential(path: path)
                #expect(read.coordinator == credential.coordinator + [second])
                #expect(read.publicKey == credential.publicKey)
            }
            let third = try #require(PublicKey(String(repeating: "8", count: 64)))
            #expect(throws: KeyError.tooManyKeys(path: path)) {
                try WorkerCredential.trust(third, inFile: path)
            }
        }
    }
}
