import Foundation
import Glibc
import Testing
import Training
import Watching

@Suite("Whether a coordinator lives")
struct CoordinatorLockTests {
    @Test("a log is locked while its coordinator has it open, and free afterwards")
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
