import Files
import Foundation
import Glibc

extension FolderRun {
    /// Makes a complete run, passes it to `body`, and removes it.
    static func whole<Result>(
        hidden: Int = 3, _ body: (FolderRun) async throws -> Result
    ) async throws -> Result {
        let memory = "/dev/shm"
        let place = access(memory, W_OK) == 0 ? memory : NSTemporaryDirectory()
        let folder = "\(place)/tern-verification-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Files.makeFolder(folder)
        let run = FolderRun("\(folder)/run", hidden: hidden)
        try await run.begin()
        try run.sign()
        return try await body(run)
    }
}
