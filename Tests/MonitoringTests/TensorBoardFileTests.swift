import Files
import Foundation
import Monitoring
import Settings
import Testing
import TestSupport

@Suite("TensorBoard's file") struct TensorBoardFileTests {
    private let folder: TemporaryFolder
    private let run: Folder
    private var path: String { "\(folder.path)/tensorboard/\(name)" }
    private let name = "events.out.tfevents.0000000001.tern"

    init() throws {
        folder = try TemporaryFolder()
        run = try Folder(folder.path)
    }

    /// Two epochs of 200 steps.
    private static let lines =
        [100, 200].map { step($0) } + [epoch(200)] + [300, 400].map { step($0) } + [epoch(400)]

    private static func step(_ step: Int, loss: String = "2.5") -> String {
        """
        {"accuracy":0.5,"epoch":1,"examples":10,"learning_rate":0.01,"loss":\(loss),\
        "seconds":\(Double(step) / 100),"step":\(step),"time":\(Double(step) / 100 + 0.5),\
        "type":"step"}\n
        """
    }

    private static func epoch(_ step: Int) -> String {
        """
        {"epoch":1,"examples":20,"seconds":\(Double(step) / 100),"step":\(step),\
        "test_accuracy":0.75,"test_loss":0.1,"time":2.5,"type":"epoch"}\n
        """
    }

    /// Metrics that keep all lines.
    private func metrics(of lines: some Sequence<String>) throws -> MetricsFile {
        try run.writeAtomically(Array(lines.joined().utf8), to: MetricsFile.name)
        return try MetricsFile(in: run, resumingAt: 1000)
    }

    private func open(_ metrics: MetricsFile, epochs: Int = 2) throws -> TensorBoardFile {
        var configuration = TrainingConfiguration()
        configuration.epochs = epochs
        return try TensorBoardFile(in: run, configuration, metrics: metrics)
    }

    private func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// The file of an undisturbed run.
    private func undisturbed() throws -> [UInt8] {
        var file = try open(try metrics(of: []))
        for line in Self.lines { try file.append(line: Array(line.utf8)) }
        return try bytes()
    }

    /// The records without their checksums, which another test checks with TensorBoard's reader.
    private func records(_ bytes: [UInt8]) -> [[UInt8]] {
        var rest = bytes[...]
        var records: [[UInt8]] = []
        while !rest.isEmpty {
            let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            records.append(Array(rest.prefix(length + 16)))
            rest = rest.dropFirst(length + 16)
        }
        return records
    }

    @Test("has the records that TensorBoard's own writer makes")
    func framing() throws {
        let records = records(try undisturbed())
        #expect(records.count == 8)
        // The record of Event(wall_time=1.5, file_version="brain.Event:2").
        #expect(
            hex(records[0])
                == "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a32"
                + "2a28646c")
        // The test after step 400: a two-byte varint and two values.
        #expect(
            hex(records[7])
                == "36000000000000004f578cef090000000000000440109003"
                + "2a280a100a09746573742f6c6f737315cdcccc3d0a140a0d746573742f6163637572616379"
                + "150000403f6d318bda")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("of a resumed run equals an undisturbed one, whatever it held before", arguments: 0...6)
    func resumed(kept: Int) throws {
        let whole = try undisturbed()
        for earlier in [[], whole, Array(whole.dropLast(5)), whole + [1, 2], [0, 0]] {
            try run.makeFolder("tensorboard").writeAtomically(earlier, to: name)
            var file = try open(try metrics(of: Self.lines.prefix(kept)))
            for line in Self.lines.dropFirst(kept) { try file.append(line: Array(line.utf8)) }
            #expect(try bytes() == whole)
        }
    }

    @Test("of a rewound run equals an undisturbed one", arguments: [0, 100, 250])
    func rewound(step: Int) throws {
        let whole = try undisturbed()
        let before = try metrics(of: Self.lines)
        let file = try open(before)
        var back = try file.reopened(metrics: try before.reopened(at: step))
        let kept = [0: 0, 100: 1, 250: 3][step] ?? 0
        #expect(!FileManager.default.fileExists(atPath: path) == (kept == 0))
        for line in Self.lines.dropFirst(kept) { try back.append(line: Array(line.utf8)) }
        #expect(try bytes() == whole)
    }

    @Test("is truncated in place, so that a TensorBoard that has it open reads on")
    func samePlace() throws {
        func number() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
        _ = try undisturbed()
        let before = try number()
        _ = try open(try metrics(of: Self.lines.prefix(2)))
        #expect(try number() == before)
        // Other settings give another file.
        _ = try open(try metrics(of: Self.lines.prefix(2)), epochs: 3)
        #expect(try number() != before)
    }

    @Test("is the only one of its run, and other programs' files stay")
    func onlyOne() throws {
        let own = try run.makeFolder("tensorboard")
        for other in [
            "events.out.tfevents.0000000009.tern", "events.out.tfevents.9.host", "a.9.tmp",
        ] {
            try Data([1]).write(to: URL(filePath: own.path(of: other)))
        }
        _ = try open(try metrics(of: Self.lines))
        #expect(try own.names() == [name, "events.out.tfevents.9.host"])
    }

    @Test("omits values that are not finite, and unreadable lines")
    func notFinite() throws {
        _ = try open(try metrics(of: [Self.step(100)]))
        let whole = try bytes()
        for loss in ["null", "1e300"] {
            let line = Self.step(100, loss: loss)
            _ = try open(try metrics(of: [line, #"{"type":"step","step":7}"# + "\n"]))
            // The value's key and size, its tag's key and size, the tag, and the number.
            #expect(try bytes().count == whole.count - 2 - 2 - "train/loss".utf8.count - 5)
        }
    }

    @Test("has a name of ten digits for any time in a line", arguments: ["-1", "1e10", "null"])
    func oddTime(time: String) throws {
        _ = try open(
            try metrics(of: [Self.step(100).replacing("\"time\":1.5", with: "\"time\":\(time)")]))
        #expect(
            try run.makeFolder("tensorboard").names() == ["events.out.tfevents.0000000000.tern"])
    }

    @Test("is removed with its run's folder, and never replaces another run's")
    func discard() throws {
        let path = folder.path + "/run"
        let directory = try RunDirectory.create(path)
        let metrics = try MetricsFile(in: directory.folder, resumingAt: 0)
        var file = try TensorBoardFile(
            in: directory.folder, TrainingConfiguration(), metrics: metrics)
        try file.append(line: Array(Self.step(100).utf8))
        directory.folder.remove(MetricsFile.name)
        #expect(throws: RunDirectoryError.holdsRest(path, name: "tensorboard")) {
            try RunDirectory.create(path)
        }
        directory.discard()
        #expect(!Files.exists(path))
    }

    @Test("is not written through a link")
    func link() throws {
        let metrics = try metrics(of: Self.lines)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/tensorboard", withDestinationPath: NSTemporaryDirectory())
        #expect(throws: FileError.self) { try open(metrics) }
    }
}
