import Files
import Glibc
import ModelFiles
import RunFolder
import TestSupport
import Testing

@Suite("A checkpoint store")
struct CheckpointStoreTests {
    private let folder: TemporaryFolder
    private let store: CheckpointStore

    init() throws {
        folder = try TemporaryFolder()
        store = CheckpointStore(of: try Folder(folder.path))
    }

    @Test("without a folder, or with an empty one, has no checkpoint")
    func nothing() throws {
        #expect(try store.newest() == nil)
        try Files.makeFolder(store.folder)
        #expect(try store.newest() == nil)
        #expect(try store.paths().isEmpty)
    }

    @Test("keeps the last three checkpoints in the order of their steps")
    func lastThree() throws {
        for step in [1, 9, 10, 99, 100] {
            let path = try store.save(sampleCheckpoint(step: step))
            #expect(Files.exists(path))
        }
        let steps = try store.paths().map { try Checkpoint(parsing: Files.read($0), path: $0).step }
        #expect(steps == [10, 99, 100])
        #expect(try Files.names(in: store.folder).count == 3)
    }

    @Test("finds the newest checkpoint")
    func newest() throws {
        for step in [5, 7] { try save(step) }
        let newest = try #require(try store.newest())
        #expect(newest.checkpoint.step == 7)
        #expect(try newest.path == store.paths().last)
        #expect(newest.damaged.isEmpty)
    }

    @Test("skips damaged checkpoints, and reports what is wrong with them")
    func damaged() throws {
        for step in [5, 7, 9] { try save(step) }
        let paths = try store.paths()
        try flipBit(in: paths[2])
        try Files.writeAtomically([], to: paths[1])
        let newest = try #require(try store.newest())
        #expect(newest.checkpoint.step == 5 && newest.path == paths[0])
        #expect(newest.damaged.count == 2)
        #expect(newest.damaged.first?.contains(paths[2]) == true)
        #expect(newest.damaged.last?.contains(paths[1]) == true)
    }

    @Test("keeps a valid checkpoint until a newer valid one is written")
    func afterDamage() throws {
        for step in [5, 7, 9] { try save(step) }
        let paths = try store.paths()
        for path in paths.dropFirst() { try flipBit(in: path) }
        try save(6)
        #expect(try store.newest()?.checkpoint.step == 6)
        try save(7)
        #expect(try store.newest()?.checkpoint.step == 7)
    }

    @Test("treats a checkpoint named for another step as damaged")
    func misnamed() throws {
        try save(5)
        let bytes = try Files.read(try #require(try store.paths().first))
        for name in ["step-999999999", "step-9223372036854775807", "step--1", "step-x"] {
            try Files.writeAtomically(bytes, to: "\(store.folder)/\(name).safetensors")
        }
        let newest = try #require(try store.newest())
        #expect(newest.checkpoint.step == 5 && newest.path.hasSuffix("step-000000005.safetensors"))
        #expect(newest.damaged.count >= 3)
        #expect(newest.damaged.allSatisfy { $0.hasSuffix("another step than its own, 5") })
    }

    @Test("reports the newest checkpoint's damage if all are damaged")
    func allDamaged() throws {
        for step in [5, 7] { try save(step) }
        for path in try store.paths() { try flipBit(in: path) }
        let newest = try #require(try store.paths().last)
        let error = #expect(throws: CheckpointError.self) { try store.newest() }
        guard case .noneWhole(let reason, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(newest))
        #expect(error?.description.contains("\n") == false)
    }

    @Test("leaves files alone that are not checkpoints")
    func otherFiles() throws {
        try Files.makeFolder(store.folder)
        let names = ["notes.txt", "step-000000001.safetensors.77.tmp", "model.safetensors"]
        for name in names { try Files.writeAtomically([1], to: "\(store.folder)/\(name)") }
        #expect(try store.newest() == nil)
        for step in 1...5 { try save(step) }
        #expect(try store.paths().count == 3)
        #expect(try Set(names).isSubset(of: Files.names(in: store.folder)))
    }

    @Test("fails if its folder cannot be created")
    func noFolder() throws {
        try Files.writeAtomically([1], to: store.folder)
        #expect(throws: FileError.self) { try store.save(sampleCheckpoint(step: 1)) }
        #expect(try Files.read(store.folder) == [1])
    }

    @Test("fails if its folder cannot be read, instead of reporting no checkpoints")
    func unreadableFolder() throws {
        try Files.writeAtomically([1], to: store.folder)
        let error = FileError(operation: "read", path: store.folder, code: ENOTDIR)
        #expect(throws: error) { try store.paths() }
        #expect(throws: CheckpointError.file(error)) { try store.newest() }
    }

    @Test("fails for an unreadable checkpoint, which may be intact")
    func unreadableFile() throws {
        try save(5)
        try Files.makeFolder("\(store.folder)/step-000000007.safetensors")
        let error = FileError(
            operation: "read", path: "\(store.folder)/step-000000007.safetensors", code: EISDIR)
        #expect(throws: CheckpointError.file(error)) { try store.newest() }
    }

    private func save(_ step: Int) throws {
        try store.save(sampleCheckpoint(step: step))
    }

    private func flipBit(in path: String) throws {
        var bytes = try Files.read(path)
        bytes[bytes.count / 2] ^= 1
        try Files.writeAtomically(bytes, to: path)
    }
}
