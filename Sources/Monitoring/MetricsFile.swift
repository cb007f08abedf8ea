import Bounds
import Files
import FoundationEssentials
import Glibc
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
    func append(_ object: some Encodable) throws(FileError) -> [UInt8] {
        let line = Array((jsonText(object) + "\n").utf8)
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

/// A step's object in `metrics.jsonl`.
struct StepMetrics: Encodable {
    let type = "step"
    let time = Date.now.timeIntervalSince1970
    let epoch: Int
    let step: Int
    let examples: Int
    let loss: Double
    let accuracy: Double
    let learningRate: Double
    let seconds: Double
    let timing: StepTiming?

    init(_ report: StepReport, _ timing: StepTiming?) {
        self.timing = timing
        epoch = report.epoch
        step = report.step
        examples = report.tally.examples
        loss = report.tally.meanLoss
        accuracy = report.tally.accuracy
        learningRate = report.learningRate
        seconds = report.seconds
    }

    enum CodingKeys: String, CodingKey {
        case type, time, epoch, step, examples, loss, accuracy, seconds, timing
        case learningRate = "learning_rate"
    }
}

/// An epoch's object in `metrics.jsonl`.
struct EpochMetrics: Encodable {
    let type = "epoch"
    let time = Date.now.timeIntervalSince1970
    let epoch: Int
    let step: Int
    let examples: Int
    let trainLoss: Double
    let trainAccuracy: Double
    let testLoss: Double
    let testAccuracy: Double
    let examplesPerSecond: Double
    let seconds: Double

    init(_ report: EpochReport) {
        epoch = report.epoch
        step = report.step
        examples = report.train.examples
        trainLoss = report.train.meanLoss
        trainAccuracy = report.train.accuracy
        testLoss = report.test.meanLoss
        testAccuracy = report.test.accuracy
        examplesPerSecond = report.examplesPerSecond
        seconds = report.seconds
    }

    enum CodingKeys: String, CodingKey {
        case type, time, epoch, step, examples, seconds
        case trainLoss = "train_loss"
        case trainAccuracy = "train_accuracy"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
        case examplesPerSecond = "examples_per_second"
    }
}
