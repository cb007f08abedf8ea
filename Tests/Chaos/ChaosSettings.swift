import FoundationEssentials
import Training

/// What all runs have in common.
struct ChaosSettings: Sendable {
    /// The folder of the data set; nil where Tern finds it by itself.
    var data: String?
    /// The workers that a run begins with.
    var workers: Int
    /// The faults of a run.
    var faults: Int
    var epochs: Int
    var batchSize: Int
    /// Whether all processes print a JSON object a line, which jq must be able to read.
    var isJSON = false
    /// How many seconds of silence a coordinator bears.
    let heartbeatTimeout = 2

    /// The options of Tern's that decide how long a coordinator waits.
    var patience: [String] { ["--heartbeat-timeout", "\(heartbeatTimeout)"] }

    /// The options of Tern's that decide what is printed.
    var printing: [String] { isJSON ? ["--log-format", "json"] : [] }

    /// The options of Tern's that decide the weights.
    var training: [String] {
        (data.map { ["--data", $0] } ?? [])
            + ["--epochs", "\(epochs)", "--batch-size", "\(batchSize)"]
    }

    /// Carries out the run that nothing happens to, and gives back the SHA-256 of the weights.
    func undisturbed(folder: String) async throws -> String {
        let run = "\(folder)/undisturbed"
        let train = try await Child.start(
            ["train", "--run-dir", run] + training, output: "\(run).out")
        guard try await train.end().isSuccess else {
            throw ChaosFailure("the undisturbed run failed: see \(run).out")
        }
        return try weightsSHA256(ofRun: run)
    }
}

/// What the summary in a run's folder says of the weights.
func weightsSHA256(ofRun run: String) throws -> String {
    struct Summary: Decodable {
        let weightsSHA256: String
        enum CodingKeys: String, CodingKey { case weightsSHA256 = "weights_sha256" }
    }
    let text = Data(try Files.read("\(run)/summary.json"))
    return try JSONDecoder().decode(Summary.self, from: text).weightsSHA256
}
