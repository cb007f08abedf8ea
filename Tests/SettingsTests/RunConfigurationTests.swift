import FoundationEssentials
import Settings
import TestSupport
import Testing

@Suite("A configuration file")
struct RunConfigurationTests {
    @Test("reads back unchanged")
    func roundTrip() throws {
        for configuration in [RunConfiguration(), unusualConfiguration] {
            #expect(try parse(configuration.encoded()) == configuration)
        }
    }

    @Test("has every setting under its option's name")
    func completeness() {
        let text = String(decoding: unusualConfiguration.encoded(), as: UTF8.self)
        let options =
            unusualConfiguration.training.settings.map(\.option)
            + ["data", "workers", "threads", "checkpoint-every", "log-every", "log-level"]
        for option in options {
            #expect(text.contains("\"\(option.replacing("-", with: "_"))\" :"), "\(option)")
        }
        #expect(text.hasSuffix("}\n"))
    }

    @Test("uses defaults for missing and null settings")
    func partial() throws {
        #expect(try parse("{}") == RunConfiguration())
        var expected = RunConfiguration()
        expected.training.hidden = 20
        expected.threads = 2
        #expect(try parse(#"{"hidden": 20, "threads": 2, "workers": null}"#) == expected)
        #expect(try parse(#"{"hidden": 20, "threads": 2, "seed": null}"#) == expected)
    }

    @Test(
        "without batch and shards gets ones that fit the data, and otherwise keeps its own")
    func fitted() throws {
        for text in ["{}", #"{"batch_size": null, "hidden": 20}"#] {
            let fitted = try parse(text).training.fitted(toExamples: 40)
            #expect(fitted.batchSize == 40 && fitted.shards == 16, "\(text)")
            #expect(try parse(text).training.fitted(toExamples: 9).shards == 8)
            #expect(try parse(text).training.fitted(toExamples: 60_000) == parse(text).training)
        }
        let kept = try parse(#"{"batch_size": 128, "shards": 16}"#).training
        #expect(kept.fitted(toExamples: 9).batchSize == 128)
        #expect(kept.fitted(toExamples: 9).shards == 16)
        #expect(kept == TrainingConfiguration())
        // A fitted value counts as chosen, so a repeated run has the same batch.
        #expect(
            TrainingConfiguration().fitted(toExamples: 40).fitted(toExamples: 9).batchSize == 40)
    }

    @Test("in an older checkpoint uses defaults for missing settings")
    func olderCheckpoint() throws {
        var expected = TrainingConfiguration()
        expected.batchSize = 10
        let text = Data(#"{"batchSize": 10, "cell": "rnn"}"#.utf8)
        #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: text) == expected)
    }

    @Test("with an unknown setting lists the known ones", arguments: ["hiden", "batch-size"])
    func unknownKey(key: String) {
        refuse(
            "{\"\(key)\": 1}",
            because: "it has an unknown setting \"\(key)\"; the settings are accumulate, ")
    }

    @Test(
        "with a value of the wrong type names its setting",
        arguments: [
            ("hidden", "\"20\""), ("hidden", "1.5"), ("hidden", "[]"), ("hidden", "1e30"),
            ("layers", "true"), ("cell", "\"transformer\""), ("cell", "1"),
            ("optimizer", "\"lion\""), ("schedule", "\"linear\""), ("nonlinearity", "{}"),
            ("momentum", "\"high\""), ("nesterov", "1"), ("weight_decay", "[0.1]"),
            ("warmup", "0.5"), ("step_epochs", "{}"), ("gamma", "\"half\""),
            ("label_smoothing", "true"),
            ("learning_rate", "\"fast\""), ("clip_norm", "false"), ("seed", "-1"),
            ("seed", "18446744073709551616"), ("data", "5"), ("workers", "\"two\""),
            ("log_level", "3"), ("threads", "9223372036854775808"),
        ])
    func wrongType(key: String, value: String) {
        refuse("{\"\(key)\": \(value)}", because: "\"\(key)\" has a value of the wrong kind")
    }

    @Test(
        "is rejected if it is not a JSON object",
        arguments: [
            "", " ", "{", "hidden: 20", "[1, 2]", "\"rnn\"", "12", "null", "{}}", "{'a': 1}",
        ])
    func notAnObject(text: String) {
        refuse(text, because: "it is not a JSON object")
    }

    @Test("is rejected if it is not UTF-8")
    func notUTF8() {
        #expect(throws: ConfigurationError.self) { try parse([0x7B, 0xFF, 0xFE, 0x7D]) }
        #expect(throws: ConfigurationError.self) { try parse([UInt8](repeating: 0, count: 64)) }
    }

    private func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> RunConfiguration {
        try RunConfiguration(parsing: bytes, path: "run/config.json")
    }

    private func parse(_ text: String) throws(ConfigurationError) -> RunConfiguration {
        try parse(Array(text.utf8))
    }

    private func refuse(_ text: String, because reason: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("run/config.json is not a usable configuration: \(reason)"))
        #expect(!line.contains("\n"), "\(line)")
    }
}
