import Keys
import Testing

@Suite("A job's key") struct JobKeyTests {
    @Test("is one line, and each side reads its own half")
    func halves() throws {
        try withFolder { folder in
            let path = "\(folder)/job.key"
            let key = try JobKey()
            try key.save(to: path)
            #expect(try content(of: path) == "\(key.line)\n")
            #expect(key.line.contains(/^tern-job-1 [0-9a-f]{64} [0-9a-f]{64}$/))
            #expect(try mode(of: path) == 0o600)
            let coordinator = try CoordinatorKey(path: path)
            let credential = try WorkerCredential(path: path)
            #expect(credential.coordinator == coordinator.publicKeys)
            let workers = try AllowList(of: coordinator).workers
            #expect(workers.map(\.publicKey) == [credential.publicKey])
            #expect(workers.map(\.isShared) == [true])
            #expect(try JobKey(path: path).line == key.line)
            #expect(try JobKey(parsing: key.line, from: "a variable").line == key.line)
        }
    }

    @Test("is different each time")
    func fresh() throws { #expect(try JobKey().line != JobKey().line) }

    @Test("is rejected if a word is changed, missing or added")
    func malformed() throws {
        try withFolder { folder in
            let path = "\(folder)/job.key"
            let words = try JobKey().line.split(separator: " ").map(String.init)
            let others: [[String]] = [
                [words[0], words[1]], words + ["x"], [words[0], words[1], ""],
                [words[0], String(words[1].dropLast()), words[2]],
                [words[0], words[1], words[2] + "0"], [words[0], words[1], words[2] + "\n\n"],
            ]
            for other in others {
                try write(other.joined(separator: " "), to: path)
                let expected = KeyError.malformed(path: path, .job)
                #expect(throws: expected, "\(other)") { try JobKey(path: path) }
                #expect(throws: expected, "\(other)") { try CoordinatorKey(path: path) }
                #expect(throws: expected, "\(other)") { try WorkerCredential(path: path) }
            }
            try write("tern-job-2 \(words[1]) \(words[2])", to: path)
            #expect(throws: KeyError.malformed(path: path, .job)) { try JobKey(path: path) }
        }
    }

    @Test("admits only its own workers: its list and its key pair are fixed")
    func isFixed() throws {
        try withFolder { folder in
            let path = "\(folder)/job.key"
            try JobKey().save(to: path)
            let key = try CoordinatorKey(path: path)
            let credential = try WorkerCredential(name("gpu1"), for: key)
            let worker = AllowedWorker(
                name: credential.name, publicKey: credential.publicKey, isShared: false)
            let refused = KeyError.jobKey(path: path)
            #expect(throws: refused) { try AllowList.add(worker, for: key) }
            #expect(throws: refused) { try AllowList.remove(name("job"), for: key) }
            #expect(throws: refused) { try key.preparingRotation() }
            #expect(throws: refused) { try key.rotated() }
            let other = try #require(PublicKey(digits(64)))
            #expect(throws: refused) { try WorkerCredential.trust(other, inFile: path) }
        }
    }
}
