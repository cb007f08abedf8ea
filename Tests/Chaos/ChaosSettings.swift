import Files
import FoundationEssentials

/// The settings that all runs share.
struct ChaosSettings: Sendable {
    /// The folder of the data set; nil if Tern finds it by itself.
    var data: String?
    /// The number of workers at the start of a run.
    var workers: Int
    /// The number of faults in a run.
    var faults: Int
    var epochs: Int
    var batchSize: Int
    /// Whether all processes print one JSON object a line; jq must be able to read them.
    var isJSON = false
    /// The coordinator drops a worker that is silent for this many seconds.
    let heartbeatTimeout = 2

    /// Tern's options that set how long a coordinator waits.
    var patience: [String] { ["--heartbeat-timeout", "\(heartbeatTimeout)"] }

    /// Tern's options that set what is printed.
    var printing: [String] { isJSON ? ["--log-format", "json"] : [] }

    /// Tern's options that determine the weights.
    var training: [String] {
        (data.map { ["--data", $0] } ?? [])
            + ["--epochs", "\(epochs)", "--batch-size", "\(batchSize)"]
    }

    /// Carries out the run without faults, and returns the SHA-256 of its weights.
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

/// The checksum of the weights in the summary of a run's folder.
func weightsSHA256(ofRun run: String) throws -> String {
    struct Summary: Decodable {
        let weightsSHA256: String
        enum CodingKeys: String, CodingKey { case weightsSHA256 = "weights_sha256" }
    }
    let text = Data(try Files.read("\(run)/summary.json"))
    return try JSONDecoder().decode(Summary.self, from: text).weightsSHA256
}
