import Files
import Foundation
import KernelInterface
import ModelFiles
import Monitoring
import Optimizers
import Settings
import Testing
import Verification

@Suite("Verification detects")
struct AlteredFileTests {
    private static let files =
        ["config.json", "steps.csv", "model.safetensors", "summary.json", "signature.json"]
        + [8, 10, 12].map { "checkpoints/step-0000000\($0 < 10 ? "0" : "")\($0).safetensors" }

    /// Whether a changed file still has the same facts that determine the run or result from it; how the run was
    /// carried out cannot be checked.
    private static func saysTheSame(_ name: String, _ bytes: [UInt8], as other: [UInt8]) -> Bool {
        switch name {
        case "config.json":
            guard let new = try? RunConfiguration(parsing: bytes, path: name),
                let old = try? RunConfiguration(parsing: other, path: name)
            else { return false }
            return new.training == old.training && new.dataDigest == old.dataDigest
        case "summary.json":
            func content(_ bytes: [UInt8]) -> RunSummary? {
                var summary = try? JSONDecoder().decode(RunSummary.self, from: Data(bytes))
                summary?.workers = 1
                return summary
            }
            return content(bytes) == content(other)
        default: return false
        }
    }

    /// Expects that a verification fails.
    private func expectFault(_ run: FolderRun, _ what: String) async throws {
        do {
            let report = try await run.verify(by: FolderRun.signer.publicKey)
            #expect(!report.isVerified && report.findings.count > 0, "\(what) is not noticed")
            for finding in report.findings {
                #expect(!finding.message.contains("\n"), "\(what): \(finding.message)")
            }
        } catch {
            #expect(!"\(error)".isEmpty && !"\(error)".contains("\n"), "\(what): \(error)")
        }
    }

    @Test("a flipped bit, in any file and throughout it", arguments: files)
    func bits(name: String) async throws {
        try await FolderRun.whole { run in
            let path = "\(run.path)/\(name)"
            let original = try Files.read(path)
            let distance = max(1, original.count / 150)
            for place in stride(from: 0, to: original.count, by: distance) {
                var bytes = original
                bytes[place] ^= 1 << (place / distance % 8)
                guard !Self.saysTheSame(name, bytes, as: original) else { continue }
                try Data(bytes).write(to: URL(filePath: path))
                try await expectFault(run, "\(name), byte \(place)")
            }
        }
    }

    @Test("any changed number or word of the summary")
    func summary() async throws {
        let changes: [(String, (inout RunSummary) -> Void)] = [
            ("status", { $0.status = "interrupted" }), ("status", { $0.status = "failed" }),
            ("status", { $0.status = "done" }), ("status", { $0.status = "diverged" }),
            ("dataset", { $0.dataset = "mnist" }), ("workers", { $0.workers = -1 }),
            ("epochs", { $0.epochs = 1 }), ("steps", { $0.steps = 11 }),
            ("steps", { $0.steps = 13 }), ("steps", { $0.steps = .max }),
            ("steps", { $0.steps = -1 }),
            ("examples", { $0.examples += 1 }), ("time", { $0.wallSeconds = 2 }),
            ("time", { $0.wallSeconds = -1 }), ("speed", { $0.examplesPerSecond += 1 }),
            ("train loss", { $0.trainLoss = $0.trainLoss?.nextUp }),
            ("train loss", { $0.trainLoss = nil }),
            ("test loss", { $0.testLoss = $0.testLoss?.nextDown }),
            ("test accuracy", { $0.testAccuracy = $0.testAccuracy?.nextUp }),
            (
                "all numbers of the test",
                { ($0.trainLoss, $0.testLoss, $0.testAccuracy) = (nil, nil, nil) }
            ),
            ("weights", { $0.weightsSHA256 = String(repeating: "0", count: 64) }),
        ]
        try await FolderRun.whole { run in
            let path = RunDirectory.summary(in: run.path)
            let original = try JSONDecoder().decode(
                RunSummary.self, from: Data(try Files.read(path)))
            for (what, change) in changes {
                var summary = original
                change(&summary)
                try Data(jsonText(summary).utf8).write(to: URL(filePath: path))
                let findings = try await run.verify().findings
                #expect(findings.map(\.file) == [path], "\(what): \(findings.map(\.message))")
            }
            try Data(jsonText(original).utf8).write(to: URL(filePath: path))
            #expect(try await run.verify().isVerified)
        }
    }

    @Test("any change in a checkpoint with valid checksums, or its name", arguments: [8, 12])
    func checkpoints(step: Int) async throws {
        let changes: [(String, (inout Checkpoint) -> Void)] = [
            ("its weights are not", { $0.parameters.change(7) }),
            ("its optimizer's state", { $0.change(.firstMoment) }),
            ("its optimizer's state", { $0.change(.secondMoment) }),
            ("what it counts", { $0.epochTally.loss = $0.epochTally.loss.nextUp }),
            ("what it counts", { $0.epochTally.correct ^= 1 }),
            ("what it counts", { $0.epochTally.examples += 1 }),
            ("what it counts", { $0.epoch += 1 }), ("it is of step", { $0.step += 1 }),
            ("it was made with another data set", { $0.dataDigest = "0" }),
            ("it was made with --seed", { $0.configuration.seed = 1 }),
        ]
        try await FolderRun.whole { run in
            let name = "step-0000000\(step < 10 ? "0" : "")\(step).safetensors"
            let path = "\(run.path)/checkpoints/\(name)"
            let original = try Files.read(path)
            for (what, change) in changes {
                var checkpoint = try Checkpoint(parsing: original, path: path)
                change(&checkpoint)
                try Data(checkpoint.encoded()).write(to: URL(filePath: path))
                let findings = try await run.verify().findings
                #expect(findings.map(\.file) == [path], "\(what): \(findings.map(\.message))")
                #expect(findings.first?.message.hasPrefix("\(path): \(what)") == true)
            }
            let other = "\(run.path)/checkpoints/step-000000011.safetensors"
            try Data(original).write(to: URL(filePath: path))
            try Data(original).write(to: URL(filePath: other))
            #expect(
                try await run.verify().findings.map(\.message) == [
                    "\(other): it is of step \(step), which its name does not say"
                ])
        }
    }

    @Test("any changed statement in a model file with valid checksums")
    func models() async throws {
        let changes: [(String, (inout ModelFile) -> Void)] = [
            ("its weights are not", { $0.parameters.change(3) }),
            ("it was made with another data set", { $0.dataset = "mnist" }),
            ("it was made with another data set", { $0.dataDigest = "0" }),
            ("it was made with --epochs 3", { $0.configuration?.epochs = 3 }),
            ("it does not say how it was trained", { $0.configuration = nil }),
        ]
        try await FolderRun.whole { run in
            let path = RunDirectory.model(in: run.path)
            let original = try Files.read(path)
            for (what, change) in changes {
                var model = try ModelFile(parsing: original, path: path)
                change(&model)
                try model.write(to: path)
                let findings = try await run.verify().findings
                #expect(findings.map(\.file) == [path], "\(what): \(findings.map(\.message))")
                #expect(findings.first?.message.hasPrefix("\(path): \(what)") == true)
            }
        }
    }
}

extension Checkpoint {
    /// Changes the last bit of a value of the optimizer's state.
    fileprivate mutating func change(_ variable: StateVariable) {
        optimizerState[variable]?.change(5)
    }
}

extension Snapshot {
    /// Changes the last bit of one value.
    fileprivate mutating func change(_ index: Int) {
        var values = values
        values[index] = values[index].nextUp
        self = Snapshot(values)
    }
}
