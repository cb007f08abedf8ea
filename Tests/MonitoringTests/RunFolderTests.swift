import Files
import Foundation
import Monitoring
import Reduction
import RunEvents
import Settings
import Testing
import TestSupport

@Suite("A run's folder") struct RunFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("never replaces another run")
    func holdsRun() throws {
        let path = folder.path + "/run"
        let run = try RunDirectory.create(path)
        try Files.writeAtomically([], to: run.configuration)
        #expect(throws: RunDirectoryError.holdsRun(path)) { try RunDirectory.create(path) }
    }

    @Test("is unique for each of the runs that start at the same moment")
    func fresh() async throws {
        let runs = folder.path + "/runs"
        let paths = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try RunDirectory.makeFresh(in: runs, label: "rnn") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(paths).count == 16)
        #expect(paths.allSatisfy(Files.isFolder))
    }

    @Test("belongs to one coordinator at a time")
    func inUse() throws {
        let path = folder.path + "/run"
        let run = try RunDirectory.create(path)
        try Files.writeAtomically([], to: run.configuration)
        #expect(throws: RunDirectoryError.inUse(path)) { try RunDirectory.open(path) }
    }

    @Test("uses the configuration in a checkpoint only if the file is missing")
    func lostConfiguration() throws {
        let path = folder.path + "/run"
        try Files.makeFolder(path)
        #expect(throws: RunDirectoryError.noRun(path)) {
            try RunDirectory.savedConfiguration(in: path)
        }
        try Files.writeAtomically([], to: RunDirectory.configuration(in: path))
        let error = #expect(throws: ConfigurationError.self) {
            try RunDirectory.savedConfiguration(in: path)
        }
        #expect(error?.description.contains("put it away") == false)
    }

    @Test("without configuration and checkpoint is not offered for a resume")
    func rest() throws {
        let path = folder.path + "/run"
        try Files.makeFolder(path)
        try Files.writeAtomically([], to: "\(path)/summary.json")
        #expect(throws: RunDirectoryError.holdsRest(path, name: "summary.json")) {
            try RunDirectory.create(path)
        }
    }

    @Test("is rejected if its checkpoints cannot be read")
    func unreadableCheckpoints() throws {
        let path = folder.path + "/run"
        try Files.makeFolder(path)
        try Files.writeAtomically([], to: "\(path)/checkpoints")
        let error = FileError(operation: "read", path: "\(path)/checkpoints", code: ENOTDIR)
        #expect(throws: RunDirectoryError.file(error)) { try RunDirectory.open(path) }
        #expect(throws: RunDirectoryError.file(error)) { try RunDirectory.create(path) }
    }

    @Test("must hold a run to be resumed")
    func noRun() {
        #expect(throws: RunDirectoryError.noRun(folder.path)) {
            try RunDirectory.open(folder.path)
        }
    }

    @Test("keeps its metrics up to the checkpoint that it resumes from")
    func metrics() throws {
        let path = folder.path + "/metrics.jsonl"
        let lines = [
            #"{"type":"step","step":100}"#, #"{"type":"epoch","step":150}"#,
            #"{"type":"step","step":250}"#, #"{"type":"epoch","step":300}"#,
            #"{"type":"step","step":350}"#, #"{"type":"st"#,
        ]
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        _ = try MetricsFile(in: Folder(folder.path), resumingAt: 300)
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        #expect(kept == lines.prefix(3).joined(separator: "\n") + "\n")
    }

    private static let heading = "step,epoch,first,end,weights_sha256\n"

    private func line(_ step: Int) -> String {
        "\(step),1,\(10 * step - 10),\(10 * step),\(hash)\n"
    }
    /// The SHA-256 of no weights.
    private let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func report(_ step: Int) -> StepReport {
        StepReport(
            epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: 1 << 20, step: step,
            tally: Tally(), learningRate: 0, seconds: 0, positions: 10 * step - 10..<10 * step,
            weights: .none)
    }

    /// The record file after it held these bytes and a run was resumed at a step and made one more.
    private func resumed(_ text: String?, at step: Int) throws -> String {
        let path = folder.path + "/steps.csv"
        try? FileManager.default.removeItem(atPath: path)
        try text?.write(toFile: path, atomically: true, encoding: .utf8)
        var file = try StepsFile(in: Folder(folder.path), resumingAt: step)
        try file.append(report(step + 1))
        try file.flush()
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("starts its record with a heading, and adds one line a step")
    func newRecord() throws {
        #expect(try resumed(nil, at: 0) == Self.heading + line(1))
        // The run was killed before its first step or its heading was complete.
        for text in ["", "step,epo", Self.heading, Self.heading + line(1), Self.heading + "1,1,"] {
            #expect(try resumed(text, at: 0) == Self.heading + line(1), "\(text)")
        }
    }

    @Test("truncates its record to the checkpoint that it resumes from")
    func cutRecord() throws {
        let lines = Self.heading + (1...5).map(line).joined()
        #expect(try resumed(lines, at: 3) == Self.heading + (1...4).map(line).joined())
        #expect(try resumed(lines, at: 5) == Self.heading + (1...6).map(line).joined())
        #expect(try resumed(lines + "6,1,5", at: 5) == Self.heading + (1...6).map(line).joined())
    }

    @Test("truncates its record to the last valid line")
    func damagedRecord() throws {
        let lines = Self.heading + line(1)
        for rest in ["garbage\n" + line(2), "\0\0\0\0", line(2) + line(2), line(3)] {
            #expect(try resumed(lines + rest, at: 1) == lines + line(2))
        }
    }

    @Test("continues an older record in its own format, but starts none in it")
    func olderRecord() throws {
        let heading = "step,epoch,first,end,weights\n"
        let lines = (1...3).map { "\($0),1,\(10 * $0 - 10),\(10 * $0),2d06800538d394c2\n" }
        #expect(try resumed(heading + lines.joined(), at: 2) == heading + lines.joined())
        #expect(try resumed(heading + lines.joined(), at: 0) == Self.heading + line(1))
    }

    @Test("never replaces a record, and can be removed before the first step")
    func discard() throws {
        let path = folder.path + "/run"
        let run = try RunDirectory.create(path)
        _ = try StepsFile(in: run.folder, resumingAt: 0)
        #expect(throws: RunDirectoryError.holdsRest(path, name: "steps.csv")) {
            try RunDirectory.create(path)
        }
        run.discard()
        #expect(!Files.exists(path))
    }

    @Test("buffers much of its record in memory, up to a limit")
    func buffer() throws {
        let path = folder.path + "/steps.csv"
        var file = try StepsFile(in: Folder(folder.path), resumingAt: 0)
        func written() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? -1
        }
        for step in 1...100 { try file.append(report(step)) }
        #expect(try written() == Self.heading.utf8.count)
        for step in 101...4_000 { try file.append(report(step)) }
        let (all, some) = (
            Self.heading.utf8.count + (1...4_000).reduce(0) { $0 + line($1).utf8.count },
            try written()
        )
        #expect(some > all - (1 << 16) - 100 && some < all)
        try file.flush()
        #expect(try written() == all)
    }
}
