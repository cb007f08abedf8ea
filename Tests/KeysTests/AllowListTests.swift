import Foundation
import Keys
import Testing

@Suite("The list of allowed workers") struct AllowListTests {
    private func worker(_ text: String, _ key: Int, isShared: Bool = false) throws -> AllowedWorker
    {
        let digits = String(key, radix: 16)
        let text16 = String(repeating: "0", count: 64 - digits.count) + digits
        return AllowedWorker(
            name: try name(text), publicKey: try #require(PublicKey(text16)), isShared: isShared)
    }

    @Test("holds the right workers after any order of additions and removals")
    func changes() throws {
        try withFolder { folder in
            let key = try CoordinatorKey.make(at: "\(folder)/key")
            #expect(try AllowList(path: key.listPath).workers.isEmpty)
            var expected: [AllowedWorker] = []
            for number in 0..<60 {
                if !expected.isEmpty, Bool.random() {
                    let gone = expected.remove(at: .random(in: expected.indices))
                    try AllowList.remove(gone.name, for: key)
                } else {
                    let added = try worker("w\(number)", number + 1, isShared: .random())
                    expected.append(added)
                    try AllowList.add(added, for: key)
                }
                #expect(try AllowList(path: key.listPath).workers == expected)
            }
            #expect(try mode(of: key.listPath) == 0o600)
        }
    }

    @Test("keeps comments and empty lines")
    func comments() throws {
        try withFolder { folder in
            let key = try CoordinatorKey.make(at: "\(folder)/key")
            let line = "a \(digits(64))  # in the rack"
            try write("# ours\n\n\(line)\n", to: key.listPath)
            try AllowList.add(worker("b", 1), for: key)
            try AllowList.remove(name("a"), for: key)
            let text = try content(of: key.listPath)
            #expect(text.hasPrefix("# ours\n\nb 0"))
            #expect(text.hasSuffix("1\n"))
        }
    }

    @Test("holds each name and each key once")
    func once() throws {
        try withFolder { folder in
            let key = try CoordinatorKey.make(at: "\(folder)/key")
            try AllowList.add(worker("a", 1), for: key)
            #expect(throws: KeyError.taken(try name("a"))) {
                try AllowList.add(worker("a", 2), for: key)
            }
            #expect(throws: KeyError.unknown(try name("b"), path: key.listPath)) {
                try AllowList.remove(name("b"), for: key)
            }
        }
    }

    @Test(
        "is rejected as a whole if a line is invalid or repeats another",
        arguments: [
            "a", "a \(digits(63))", "a \(digits(64)) share", "a \(digits(64)) shared x",
            "a/b \(digits(64))", "ok \(digits(64))", "b \(String(repeating: "6", count: 64))",
        ])
    func malformed(line: String) throws {
        try withFolder { folder in
            let path = "\(folder)/list"
            let sound = "ok \(String(repeating: "6", count: 64))"
            try write("\(sound)\n# x\n\(line)\n", to: path)
            #expect(throws: KeyError.malformedLine(3, path: path)) { try AllowList(path: path) }
        }
    }

    @Test("loses nothing when many processes add to it at once")
    func concurrent() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tern-keys-\(UUID())")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try CoordinatorKey.make(at: "\(folder)/key")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                let worker = try worker("w\(number)", number)
                group.addTask { try AllowList.add(worker, for: key) }
            }
            try await group.waitForAll()
        }
        #expect(try AllowList(path: key.listPath).workers.count == 20)
    }

    @Test("is not read while another process writes it", .timeLimit(.minutes(5)))
    func halfWritten() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tern-keys-\(UUID())")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try CoordinatorKey.make(at: "\(folder)/key")
        let workers = [try worker("a", 1), try worker("b", 2)]
        for worker in workers { try AllowList.add(worker, for: key) }
        let text = try content(of: key.listPath)
        let watch = try AllowListWatch(path: key.listPath)
        /// Polls the watch, and waits until it has finished.
        func look() async -> Result<AllowList, KeyError>? {
            let change = watch.poll()
            while !watch.isIdle { await Task.yield() }
            return change
        }
        // The file grows from empty by one byte between two polls.
        for count in 0..<text.utf8.count {
            try write(String(text.prefix(count)), to: key.listPath)
            #expect(await look() == nil, "\(count) bytes")
        }
        try write(text, to: key.listPath)
        for _ in 0..<2 { #expect(await look() == nil) }
        #expect(try await look()?.get().workers == workers)
    }

    @Test(
        "is read again after any kind of change, and only then", .timeLimit(.minutes(5))
    )
    func watch() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tern-keys-\(UUID())")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try CoordinatorKey.make(at: "\(folder)/key")
        let watch = try AllowListWatch(path: key.listPath)
        #expect(watch.list.workers.isEmpty)
        /// The result after `body` has changed the file; expects no result before.
        func change(_ body: () throws -> Void) async throws -> Result<AllowList, KeyError> {
            for _ in 0..<3 { #expect(watch.poll() == nil, "nothing has changed") }
            try body()
            while true {
                if let change = watch.poll() { return change }
                await Task.yield()
            }
        }
        let (first, second) = (try worker("a", 1), try worker("b", 2))
        let added = try await change { try AllowList.add(first, for: key) }
        #expect(try added.get().workers == [first])
        let replaced = try await change {
            try AllowList.add(second, for: key)
            try AllowList.remove(first.name, for: key)
        }
        #expect(try replaced.get().workers == [second])
        let damaged = try await change { try write("?", to: key.listPath) }
        #expect(throws: KeyError.malformedLine(1, path: key.listPath)) { try damaged.get() }
        let removed = try await change {
            try FileManager.default.removeItem(atPath: key.listPath)
        }
        #expect(try removed.get().workers == [])
    }
}
