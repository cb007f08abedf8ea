import Foundation
import Monitoring
import Testing
import Training

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "tern-monitoring-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("A run's folder") struct RunFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("is not made over another run")
    func holdsRun() throws {
        let path = folder.path + "/run"
        let run = try RunDirectory.create(path)
        try Files.writeAtomically([], to: run.configuration)
        #expect(throws: RunDirectoryError.holdsRun(path)) { try RunDirectory.create(path) }
    }

    @Test("is one coordinator's at a time")
    func inUse() throws {
        let path = folder.path + "/run"
        let run = try RunDirectory.create(path)
        try Files.writeAtomically([], to: run.configuration)
        #expect(throws: RunDirectoryError.inUse(path)) { try RunDirectory.open(path) }
    }

    @Test("must hold a run to be resumed")
    func noRun() {
        #expect(throws: RunDirectoryError.noRun(folder.path)) {
            try RunDirectory.open(folder.path)
        }
    }

    @Test("keeps of its metrics what happened up to the checkpoint it is resumed from")
    func metrics() throws {
        let path = folder.path + "/metrics.jsonl"
        let lines = [
            #"{"type":"step","step":100}"#, #"{"type":"epoch","step":150}"#,
            #"{"type":"step","step":250}"#, #"{"type":"epoch","step":300}"#,
            #"{"type":"step","step":350}"#, #"{"type":"st"#,
        ]
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        _ = try MetricsFile(path: path, resumingAt: 300)
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        #expect(kept == lines.prefix(3).joined(separator: "\n") + "\n")
    }
}
