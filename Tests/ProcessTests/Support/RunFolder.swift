import FoundationEssentials
import Testing

/// The folder of a run on the test's bench.
struct RunFolder {
    let path: String

    /// The run folder with this name on the test's bench.
    init(_ name: String = "run") { path = bench.path(name) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func text(_ name: String) throws -> String {
        String(decoding: try readFile(path(name)), as: UTF8.self)
    }

    var summary: Summary {
        get throws {
            let text = try readFile(path("summary.json"))
            return try JSONDecoder().decode(Summary.self, from: Data(text))
        }
    }

    var metrics: [Metric] {
        get throws {
            try readFile(path("metrics.jsonl")).split(separator: 10).map {
                try JSONDecoder().decode(Metric.self, from: Data($0))
            }
        }
    }

    var events: [Event] {
        get throws {
            try readFile(path("events.jsonl")).split(separator: 10).map {
                try JSONDecoder().decode(Event.self, from: Data($0))
            }
        }
    }

    /// The names of the checkpoints, the oldest first.
    var checkpoints: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path("checkpoints"))) ?? [])
            .filter { $0.hasSuffix(".safetensors") }.sorted()
    }

    /// Changes the bytes of one file.
    func change(_ name: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try readFile(path(name))
        change(&bytes)
        try Data(bytes).write(to: URL(filePath: path(name)))
    }
}

/// The `summary.json` of a run; every documented field must be present.
struct Summary: Decodable, Equatable {
    let status: String
    let dataset: String
    let workers: Int
    let epochs: Int
    let steps: Int
    let examples: Int
    let wallSeconds: Double
    let examplesPerSecond: Double
    let trainLoss: Double?
    let testLoss: Double?
    let testAccuracy: Double?
    let weights: String

    enum CodingKeys: String, CodingKey {
        case status, dataset, workers, epochs, steps, examples
        case wallSeconds = "wall_seconds"
        case examplesPerSecond = "examples_per_second"
        case trainLoss = "train_loss"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
        case weights = "weights_sha256"
    }
}

/// The fields of a line of `events.jsonl` that tests read.
struct Event: Decodable {
    /// A process that failed.
    struct Failure: Decodable {
        let pid: Int
        let signal: Int?
    }

    let event: String
    let time: Double
    let level: String
    let step: Int?
    let worker: String?
    let status: String?
    let text: String?
    let failure: Failure?
}

/// A line of `metrics.jsonl`: of a step, with its loss, or of an epoch, with its test.
struct Metric: Decodable, Hashable {
    let type: String
    let epoch: Int
    let step: Int
    let examples: Int
    let seconds: Double
    let loss: Double?
    let accuracy: Double?
    let learningRate: Double?
    let trainLoss: Double?
    let trainAccuracy: Double?
    let testLoss: Double?
    let testAccuracy: Double?
    let examplesPerSecond: Double?

    enum CodingKeys: String, CodingKey {
        case type, epoch, step, examples, seconds, loss, accuracy
        case learningRate = "learning_rate"
        case trainLoss = "train_loss"
        case trainAccuracy = "train_accuracy"
        case testLoss = "test_loss"
        case testAccuracy = "test_accuracy"
        case examplesPerSecond = "examples_per_second"
    }

    /// The values that must be identical, digit for digit, each time the run is carried out.
    var withoutTime: [String] {
        let numbers = [
            loss, accuracy, learningRate, trainLoss, trainAccuracy, testLoss, testAccuracy,
        ]
        return [type, "\(epoch)", "\(step)", "\(examples)"] + numbers.map { "\($0 ?? -1)" }
    }
}
