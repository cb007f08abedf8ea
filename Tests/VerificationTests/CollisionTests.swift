import Files
import Foundation
import Hashing
import KernelInterface
import ModelFiles
import Monitoring
import Optimizers
import RunFolder
import Testing
import Verification

/// A forger can compute collisions of this 64-bit checksum, by which older versions compared files.
@Suite("Other weights with the same XXH3-64")
struct CollisionTests {
    private func forged(_ values: Snapshot) throws -> Snapshot {
        let collision = try #require(Collision(), "the library does not give its secret away")
        let forged = Snapshot(try #require(collision.values(insteadOf: values.values)))
        // Older versions compared only this checksum.
        #expect(forged.checksum == values.checksum)
        #expect(forged.sha256 != values.sha256)
        return forged
    }

    private static let newest = "checkpoints/step-000000012.safetensors"

    @Test("fail tern verify, in a model and in a checkpoint", arguments: RecordFormat.allCases)
    func verify(format: RecordFormat) async throws {
        try await FolderRun.whole(hidden: 16) { run in
            try await run.rewriteRecord(format)
            #expect(try await run.verify().findings.map(\.message) == [])
            let model = RunDirectory.model(in: run.path)
            let original = try Files.read(model)
            var file = try ModelFile(parsing: original, path: model)
            file.parameters = try forged(file.parameters)
            try file.write(to: model)
            #expect(
                try await run.verify().findings.map(\.message) == [
                    "\(model): its weights are not the ones after the last step"
                ])
            try Data(original).write(to: URL(filePath: model))
            let path = "\(run.path)/\(Self.newest)"
            let whole = try Files.read(path)
            for variable in [nil, StateVariable.firstMoment, .secondMoment] {
                var checkpoint = try Checkpoint(parsing: whole, path: path)
                if let variable {
                    let values = try #require(checkpoint.optimizerState[variable])
                    checkpoint.optimizerState[variable] = try forged(values)
                } else {
                    checkpoint.parameters = try forged(checkpoint.parameters)
                }
                try Data(checkpoint.encoded()).write(to: URL(filePath: path))
                let findings = try await run.verify().findings
                #expect(findings.map(\.file) == [path], "\(findings.map(\.message))")
            }
        }
    }

    @Test("fail --resume, which continues from an older checkpoint")
    func resume() async throws {
        try await FolderRun.whole(hidden: 16) { run in
            let path = "\(run.path)/\(Self.newest)"
            var checkpoint = try Checkpoint(parsing: try Files.read(path), path: path)
            checkpoint.parameters = try forged(checkpoint.parameters)
            try Data(checkpoint.encoded()).write(to: URL(filePath: path))
            let point = try ResumePoint(in: run.path, for: run.job())
            #expect(point.checkpoint?.step == 10)
            #expect(point.useless.first?.path == path)
        }
    }

    @Test("may pass with a record of an older version, and the report says so")
    func olderRecord() async throws {
        try await FolderRun.whole(hidden: 16) { run in
            #expect(try await run.verify().notes == [])
            try await run.rewriteRecord(.xxh3)
            let report = try await run.verify()
            #expect(report.isVerified && report.record == .xxh3)
            #expect(report.notes.count == 1)
            #expect(
                report.notes.first?.hasPrefix(
                    "\(run.path)/steps.csv has 64-bit checksums that are not cryptographic") == true
            )
        }
    }
}
