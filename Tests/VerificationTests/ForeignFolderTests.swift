import Files
import Foundation
import Glibc
import Monitoring
import Requirements
import TestSupport
import Testing

/// An action of a user on the folder of a run.
private enum Action: CaseIterable {
    case resume, verify, evaluate, begin

    func carryOut(_ run: FolderRun) async throws {
        switch self {
        case .resume:
            try await run.resume()
            // If the action succeeds, it must give the same run as the original folder.
            let report = try await run.verify()
            #expect(report.isVerified, "\(report.findings.map(\.message))")
        case .verify: _ = try await run.verify()
        case .evaluate: _ = try Files.read(RunDirectory.weights(at: run.path))
        case .begin: try await run.begin()
        }
    }
}

@Suite("Nothing outside a run's folder changes")
struct ForeignFolderTests {
    private static let names =
        ["config.json", "steps.csv", "metrics.jsonl", "events.jsonl", "coordinator.log"]
        + ["model.safetensors", "summary.json", "checkpoints/step-000000012.safetensors"]
        + ["checkpoints/step-000000008.safetensors", "checkpoints"]

    /// Everything in a folder: kinds, modes, owners, bytes, and times of the last change.
    private func state(of folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().map { name in
            var status = stat()
            #expect(lstat("\(folder)/\(name)", &status) == 0)
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)")
            return "\(name) \(status.st_mode) \(status.st_uid) \(status.st_size) "
                + "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(bytes?.hashValue ?? 0)"
        }
    }

    /// Puts a trap in place of a file in a copy of a run, and performs an action on it.
    private func check(
        _ name: String, _ trap: Trap, _ action: Action, in folder: String, of whole: FolderRun
    ) async throws {
        let files = FileManager.default
        let (outside, copy) = ("\(folder)/outside", FolderRun("\(folder)/copy"))
        let (path, victim) = ("\(copy.path)/\(name)", "\(outside)/victim")
        defer { for path in [outside, copy.path] { try? files.removeItem(atPath: path) } }
        try files.copyItem(atPath: whole.path, toPath: copy.path)
        try Files.makeFolder(outside)
        try files.moveItem(atPath: path, toPath: victim)
        if action == .begin {
            // A new run may begin in a folder that holds only the trap.
            try files.removeItem(atPath: copy.path)
            try Files.makeFolder(Files.folder(of: path))
        }
        guard trap.set(at: path, victim: victim) else {
            // A folder cannot have a second hard link.
            if trap != .hardLink { passOver(without: .root) }
            return
        }
        let before = try state(of: outside)
        do {
            try await action.carryOut(copy)
        } catch {
            let line = "\(error)"
            #expect(line.contains(copy.path) && !line.contains("\n"), "\(name), \(trap): \(line)")
        }
        #expect(try state(of: outside) == before, "\(name), \(trap), \(action)")
    }

    @Test("if traps are in place of any of its files", arguments: names)
    func traps(name: String) async throws {
        let folder = try Files.makeTemporaryFolder("tern-foreign")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for last in [12, 9] {
            let whole = FolderRun("\(folder)/whole-\(last)")
            try await whole.begin(upTo: last)
            guard Files.exists("\(whole.path)/\(name)") else { continue }
            for trap in Trap.allCases {
                for action in Action.allCases {
                    try await check(name, trap, action, in: folder, of: whole)
                }
            }
        }
    }

    @Test("and checkpoints with names of later steps do not displace real ones")
    func misnamed() async throws {
        let folder = try Files.makeTemporaryFolder("tern-foreign")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = FolderRun("\(folder)/run")
        try await run.begin(upTo: 9)
        let checkpoints = "\(run.path)/checkpoints"
        let bytes = try Files.read("\(checkpoints)/step-000000008.safetensors")
        for step in 1...3 {
            try Files.writeAtomically(bytes, to: "\(checkpoints)/step-99999999\(step).safetensors")
        }
        try await run.resume()
        #expect(try await run.verify().isVerified)
        let names = try Files.names(in: checkpoints).filter { $0.hasSuffix(".safetensors") }
        #expect(names == [8, 10, 12].map { "step-0000000\($0 < 10 ? "0" : "")\($0).safetensors" })
    }

    @Test(
        "if traps have a name that the run writes or removes",
        arguments: [
            "model.safetensors.aside", "config.json.77.tmp", "steps.csv.77.tmp",
            "checkpoints/step-000000008.safetensors.aside", "checkpoints/step-1.safetensors.7.tmp",
            "checkpoints/step-000000001.safetensors", "checkpoints/step--1.safetensors",
            "checkpoints/step-9223372036854775807.safetensors",
        ])
    func otherNames(name: String) async throws {
        let folder = try Files.makeTemporaryFolder("tern-foreign")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let whole = FolderRun("\(folder)/whole")
        try await whole.begin(upTo: 9)
        try Files.writeAtomically([1], to: "\(whole.path)/\(name)")
        try Files.writeAtomically([1], to: "\(whole.path)/model.safetensors")
        for trap in Trap.allCases {
            try await check(name, trap, .resume, in: folder, of: whole)
        }
    }
}
