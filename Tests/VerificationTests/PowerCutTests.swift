import Files
import Foundation
import Glibc
import ModelFiles
import Monitoring
import Testing
import Verification

@Suite(
    "A run with files damaged by a power cut resumes and verifies, or names a file")
struct PowerCutTests {
    /// The files of a complete and of an interrupted run.
    private static let names =
        ["config.json", "steps.csv", "metrics.jsonl", "events.jsonl", "coordinator.log"]
        + ["model.safetensors", "summary.json"]
        + [4, 6, 8, 10, 12].map { "checkpoints/step-0000000\($0 < 10 ? "0" : "")\($0).safetensors" }

    /// The possible remains of a file's bytes.
    private static func remains(of bytes: [UInt8], _ name: String) -> [[UInt8]] {
        var cuts = Set((0...16).map { bytes.count * $0 / 16 })
        let lineEnds = bytes.indices.filter { bytes[$0] == 10 }
        // The ends of a safetensors file's header and of its tensors.
        let tensors = (try? Safetensors(parsing: bytes, path: name)) ?? Safetensors()
        let data = bytes.count - (tensors.tensors.last?.range.upperBound ?? 0)
        for end in lineEnds + tensors.tensors.map({ data + $0.range.upperBound }) + [8, data] {
            cuts.formUnion([end - 1, end, end + 1])
        }
        let cut = cuts.filter { (0..<bytes.count).contains($0) }.sorted()
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        // The file may have its full length, or a whole block, before its content is on disk.
        return cut.flatMap { [Array(bytes[..<$0]), bytes[..<$0] + zeros(bytes.count - $0)] }
            + [bytes + zeros(1), bytes + zeros(4096 - bytes.count % 4096)]
    }

    @Test("if one file is cut at any offset that matters", arguments: names)
    func oneFile(name: String) async throws {
        for last in [12, 9] {
            let bench = try await Bench(upTo: last)
            defer { bench.remove() }
            let path = "\(bench.whole.path)/\(name)"
            guard Files.exists(path) else { continue }
            for bytes in Self.remains(of: try Files.read(path), name) {
                try await bench.check("\(name) cut to \(bytes.count) bytes") { folder in
                    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
                }
            }
        }
    }

    @Test("if folder entries are missing", arguments: [12, 9])
    func missing(last: Int) async throws {
        let bench = try await Bench(upTo: last)
        defer { bench.remove() }
        let names = Self.names.filter {
            Files.exists("\(bench.whole.path)/\($0)") && $0 != "metrics.jsonl"
                && $0 != "coordinator.log" && $0 != "events.jsonl"
        }
        for subset in 0..<1 << names.count {
            let gone = names.indices.filter { subset >> $0 & 1 == 1 }.map { names[$0] }
            try await bench.check("without \(gone)") { folder in
                for name in gone { unlink("\(folder)/\(name)") }
            }
        }
    }

    @Test("if the record and a checkpoint are cut together", arguments: 0...16)
    func together(part: Int) async throws {
        let bench = try await Bench(upTo: 12)
        defer { bench.remove() }
        let checkpoints = Array(Self.names.suffix(3))
        for damaged in [
            checkpoints.prefix(1), checkpoints.suffix(1), checkpoints.suffix(2), checkpoints[...],
        ] {
            try await bench.check("\(part)/16 of the record, and \(damaged)") { folder in
                for (file, share) in [("steps.csv", part)] + damaged.map({ ($0, 16 - part) }) {
                    let bytes = try Files.read("\(folder)/\(file)")
                    try Data(bytes.prefix(bytes.count * share / 16))
                        .write(to: URL(filePath: "\(folder)/\(file)"))
                }
            }
        }
    }
}

/// A complete run, and the check of its damaged copies.
private struct Bench {
    private let folder: String
    let whole: FolderRun
    private let weights: [UInt8]

    init(upTo last: Int) async throws {
        // Each copy leaves descriptors open, like a process that resumes one run.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(7), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(7), &limit)
        let memory = "/dev/shm"
        let place = access(memory, W_OK) == 0 ? memory : NSTemporaryDirectory()
        folder = "\(place)/tern-power-\(UUID())"
        let calm = FolderRun("\(folder)/calm")
        try Files.makeFolder(folder)
        try await calm.begin()
        weights = try Files.read(RunDirectory.model(in: calm.path))
        whole = last == 12 ? calm : FolderRun("\(folder)/whole")
        if last < 12 { try await whole.begin(upTo: last) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Damages a copy, resumes it, and expects that it verifies, or that an error names a file or folder
    /// without which it does.
    func check(_ what: String, _ damage: (_ folder: String) throws -> Void) async throws {
        let copy = FolderRun("\(folder)/copy")
        try FileManager.default.copyItem(atPath: whole.path, toPath: copy.path)
        defer { try? FileManager.default.removeItem(atPath: copy.path) }
        try damage(copy.path)
        do {
            try await copy.resume()
        } catch RunDirectoryError.noRun {
            // The copy has nothing to resume.
            #expect(!Files.exists(RunDirectory.configuration(in: copy.path)), "\(what)")
            #expect(try RunDirectory.checkpoints(in: copy.path).paths().isEmpty, "\(what)")
            return
        } catch {
            let line = "\(error)"
            let named = ["config.json", "checkpoints"].first {
                line.contains("put \(copy.path)/\($0) away")
                    || line.contains("\(copy.path)/\($0)") && line.contains("put it away")
            }
            let name = try #require(named, "\(what): \(line)")
            #expect(!line.contains("\n"))
            try FileManager.default.moveItem(
                atPath: "\(copy.path)/\(name)", toPath: "\(copy.path)/\(name).away")
            try await copy.resume()
        }
        let report = try await copy.verify()
        #expect(report.isVerified, "\(what): \(report.findings.map(\.message))")
        #expect(report.steps == 12 && report.hasModel, "\(what)")
        #expect(try Files.read(RunDirectory.model(in: copy.path)) == weights, "\(what)")
    }
}
