import Files
import Foundation
import Glibc
import Testing
import Watching

@Suite("A coordinator's lock")
struct CoordinatorLockTests {
    @Test("shows that the coordinator is alive while it has its log open")
    func seesLock() throws {
        let path = NSTemporaryDirectory() + "tern-lock-" + UUID().uuidString
        try Files.makeFolder(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try Folder(path)
        let log = try folder.openForAppending("log")
        #expect(try CoordinatorLock.isHeld(on: "log", in: folder) == false)
        try #require(Files.lock(log) == .locked)
        #expect(try CoordinatorLock.isHeld(on: "log", in: folder) == true)
        close(log)
        #expect(try CoordinatorLock.isHeld(on: "log", in: folder) == false)
    }
}
