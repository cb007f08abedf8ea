import Foundation
import Settings
import Testing

@Suite("Every setting", .bench)
struct SettingsTests {
    private static let recipes = [
        Recipe().with("--dataset", "fashion-mnist", "--cell", "gru", "--sequence", "columns"),
        Recipe().with(
            "--nonlinearity", "relu", "--initialization", "identity", "--hidden", "8",
            "--layers", "2", "--bidirectional", "", "--dropout", "0.1", "--readout", "mean",
            "--convolution", "4", "--epochs", "1", "--batch-size", "50", "--accumulate", "2",
            "--label-smoothing", "0.1", "--learning-rate", "0.01", "--optimizer", "sgd",
            "--momentum", "0.9", "--nesterov", "", "--weight-decay", "0.1", "--clip-norm",
            "1", "--schedule", "step", "--warmup", "2", "--step-epochs", "2", "--gamma",
            "0.5", "--shards", "8", "--seed", "5", "--threads", "2", "--checkpoint-every",
            "3", "--log-every", "7", "--log-level", "debug", "--workers", "1"),
    ]

    @Test("is changed by the option of its name")
    func options() async throws {
        let data = try SampleData()
        var unchanged = Set(RunConfiguration.table.map(\.name))
            .union(TrainingConfiguration.table.map(\.name))
        // These settings are covered by files other than config.json.
        unchanged.subtract(["data", "dataPath", "dataDigest"])
        unchanged.subtract(["initialWeights", "initialWeightsPath", "initialWeightsDigest"])
        let defaults = try settings(RunConfiguration().encoded())
        for (number, recipe) in Self.recipes.enumerated() {
            let run = RunFolder("run-\(number)")
            _ = try await recipe.with("--epochs", "1").train(data, into: run)
            let given = try settings(readFile(run.path("config.json")))
            unchanged = unchanged.filter { given[$0] == defaults[$0] }
        }
        #expect(unchanged == [])
    }

    @Test("is kept by --config and --resume if no option sets it", arguments: recipes.indices)
    func kept(index: Int) async throws {
        let data = try SampleData()
        let (first, second) = (RunFolder("first"), RunFolder("second"))
        let recipe = Self.recipes[index].with("--epochs", "1")
        _ = try await recipe.train(data, into: first)
        let written = try settings(readFile(first.path("config.json")))
        let file = ["train", "--config", first.path("config.json"), "--run-dir", second.path]
        let weights = try second.completed(try await tern(file)).weights
        #expect(try settings(readFile(second.path("config.json"))) == written)
        #expect(try first.summary.weights == weights)
        _ = try second.completed(try await tern(["train", "--resume", second.path]))
        #expect(try settings(readFile(second.path("config.json"))) == written)
    }

    /// The values of a configuration's JSON, by their keys.
    private func settings(_ bytes: [UInt8]) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        return try #require(object as? [String: Any]).reduce(into: [:]) { settings, setting in
            let words = setting.key.split(separator: "_").map { $0.capitalized }.joined()
            settings[words.prefix(1).lowercased() + words.dropFirst()] = "\(setting.value)"
        }
    }
}
