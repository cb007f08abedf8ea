import Keys
import Testing

@Suite("A coordinator's key") struct CoordinatorKeyTests {
    @Test("reads back unchanged, and differs between files")
    func isKept() throws {
        try withFolder { folder in
            let made = try CoordinatorKey.make(at: "\(folder)/deep/key")
            #expect(try CoordinatorKey(path: made.path).publicKeys == made.publicKeys)
            #expect(try content(of: made.path).contains(/^tern-coordinator-1 [0-9a-f]{64}\n$/))
            let other = try CoordinatorKey.make(at: "\(folder)/other")
            #expect(other.publicKeys != made.publicKeys)
        }
    }

    @Test("is not created if the path is mistyped")
    func missing() throws {
        try withFolder { folder in
            let path = "\(folder)/kye"
            #expect(throws: KeyError.noKey(path: path)) { try CoordinatorKey(path: path) }
        }
    }

    @Test(
        "is rejected if its file has other content",
        arguments: [
            "", "\n", "tern-coordinator-1", "tern-coordinator-2 \(digits(64))",
            "tern-coordinator-1 \(digits(63))", "tern-coordinator-1 \(digits(65))",
            "tern-coordinator-1 \(digits(63))G", "tern-coordinator-1 \(digits(64)) ",
            "tern-coordinator-1 \(digits(64))\nnext \(digits(63))",
            "tern-coordinator-1 \(digits(64))\n\(digits(64))",
            "tern-coordinator-1 \(digits(64))\nnext \(digits(64))\nnext \(digits(64))",
        ])
    func malformed(content: String) throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            try write(content, to: path)
            #expect(throws: KeyError.malformed(path: path, .key)) { try CoordinatorKey(path: path) }
        }
    }

    @Test("in the old shared form is recognised as such, on both sides")
    func sharedKey() throws {
        try withFolder { folder in
            let path = "\(folder)/key"
            try write("tern-key-1 \(digits(64))\n", to: path)
            #expect(throws: KeyError.sharedKey(path: path)) { try CoordinatorKey(path: path) }
            #expect(throws: KeyError.sharedKey(path: path)) { try WorkerCredential(path: path) }
            #expect(
                KeyError.sharedKey(path: path).description.contains("tern key worker NAME"))
        }
    }

    @Test("rotates in two steps, and credentials made in between trust both public keys")
    func rotation() throws {
        try withFolder { folder in
            let first = try CoordinatorKey.make(at: "\(folder)/key")
            #expect(try first.rotated() == nil, "nothing is prepared")
            let prepared = try first.preparingRotation()
            #expect(prepared.publicKeys.count == 2)
            #expect(prepared.publicKeys[0] == first.publicKeys[0])
            #expect(
                try CoordinatorKey(path: first.path).preparingRotation().publicKeys
                    == prepared.publicKeys, "it is prepared once")
            let credential = try WorkerCredential(name("gpu1"), for: prepared)
            #expect(credential.coordinator == prepared.publicKeys)
            let rotated = try #require(try CoordinatorKey(path: first.path).rotated())
            #expect(rotated.publicKeys == [prepared.publicKeys[1]])
            #expect(try CoordinatorKey(path: first.path).publicKeys == rotated.publicKeys)
            #expect(try mode(of: first.path) == 0o600)
        }
    }
}

func digits(_ count: Int) -> String { String(repeating: "7", count: count) }

func name(_ text: String) throws -> KeyName { try #require(KeyName(text)) }
