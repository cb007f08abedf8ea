import Bounds
import Files
import FoundationEssentials
import Glibc
import Reduction
import RunEvents

/// `metrics.jsonl`: one object per logged step and per epoch, each on its own line.
public struct MetricsFile {
    /// The file's name in a run's folder.
    public static let name = "metrics.jsonl"

    private let folder: Folder
    private let file: Int32

    /// Opens the file of a run that has made `step` steps.
    ///
    /// Lines of later steps are removed, because those steps are repeated. So is the line of an
    /// epoch that ends at `step`, because its test is repeated.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder, resumingAt step: Int) throws(FileError) {
        self.folder = folder
        if folder.holds(Self.name) {
            let kept = try folder.read(Self.name).split(separator: UInt8(ascii: "\n")).filter {
                line in
                guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)) else {
                    return false
                }
                return entry.type == "epoch" ? entry.step < step : entry.step <= step
            }
            let text = kept.flatMap { Array($0) + [UInt8(ascii: "\n")] }
            try folder.writeAtomically(text, to: Self.name)
        }
        file = try folder.openForAppending(Self.name)
    }

    /// Reopens the file after a rewind to `step` steps, and closes this one.
    package func reopened(at step: Int) throws(FileError) -> Self {
        close(file)
        return try Self(in: folder, resumingAt: step)
    }

    /// Appends an object and returns its line.
    func append(_ object: JSONObject) throws(FileError) -> [UInt8] {
        let line = object.text + [UInt8(ascii: "\n")]
        try Files.writeAll(line, to: file, path: folder.path(of: Self.name))
        return line
    }

    /// The lines so far.
    func lines() throws(FileError) -> [ArraySlice<UInt8>] {
        try folder.read(Self.name).split(separator: UInt8(ascii: "\n"))
    }

    private struct Entry: Decodable {
        let type: String
        @Bounded<StepNumber> var step: Int
    }
}

// The fields of these objects are in alphabetical order, as in all of Tern's JSON.

/// A step's object in `metrics.jsonl`.
struct StepMetrics {
    private let time = Date.now.timeIntervalSince1970
    private let epoch: Int
    private let step: Int
    private let tally: Tally
    private let learningRate: Double
    private let seconds: Double
    private let timing: StepTiming?

    /// The report's numbers, without its weights: these need not stay in memory until the line is written.
    init(_ report: StepReport, _ timing: StepTiming?) {
        (epoch, step, tally) = (report.epoch, report.step, report.tally)
        (learningRate, seconds) = (report.learningRate, report.seconds)
        self.timing = timing
    }

    var json: JSONObject {
        var json = JSONObject()
        json.add("accuracy", tally.accuracy)
        json.add("epoch", epoch)
        json.add("examples", tally.examples)
        json.add("learning_rate", learningRate)
        json.add("loss", tally.meanLoss)
        json.add("seconds", seconds)
        json.add("step", step)
        json.add("time", time)
        if let timing { json.add("timing", timing.json) }
        json.add("type", "step")
        return json
    }
}

/// An epoch's object in `metrics.jsonl`.
struct EpochMetrics {
    private let time = Date.now.timeIntervalSince1970
    private let report: EpochReport

    init(_ report: EpochReport) { self.report = report }

    var json: JSONObject {
        var json = JSONObject()
        json.add("epoch", report.epoch)
        json.add("examples", report.train.examples)
        json.add("examples_per_second", report.examplesPerSecond)
        json.add("seconds", report.seconds)
        json.add("step", report.step)
        json.add("test_accuracy", report.test.accuracy)
        json.add("test_loss", report.test.meanLoss)
        json.add("time", time)
        json.add("train_accuracy", report.train.accuracy)
        json.add("train_loss", report.train.meanLoss)
        json.add("type", "epoch")
        return json
    }
}

extension StepTiming {
    fileprivate var json: JSONObject {
        var json = JSONObject()
        if let fastest { json.add("fastest", fastest.json) }
        if let last { json.add("last", last) }
        if let median { json.add("median", median.json) }
        json.add("phases", phases.json)
        if let slowest { json.add("slowest", slowest.json) }
        return json
    }
}

extension StepTiming.Lane {
    fileprivate var json: JSONObject {
        var json = JSONObject()
        json.add("lane", lane)
        json.add("seconds", seconds)
        json.add("worker", worker)
        return json
    }
}

extension TimingReport.Phases {
    fileprivate var json: JSONObject {
        var json = JSONObject()
        json.add("first", first)
        json.add("other", other)
        json.add("record", record)
        json.add("reduce", reduce)
        json.add("send", send)
        json.add("update", update)
        json.add("wait", wait)
        return json
    }
}
