import Files
import Hashing
import ModelFiles
import NeuralNetwork
import Optimizers
import Settings
import TestSupport
import Testing

@Suite("Files for resuming a run") struct FrozenFileTests {
    @Test("have the frozen bytes")
    func frozenBytes() throws {
        let frozen = FrozenLines("files", "Files of samples: their lines, or their hashes.")
        var lines: [String] = []
        for (name, configuration) in [
            ("default", RunConfiguration()), ("unusual", unusualConfiguration),
        ] {
            let text = String(decoding: configuration.encoded(), as: UTF8.self)
            lines += text.split(separator: "\n").map { "\(name) \($0)" }
        }
        for (optimizer, momentum) in [
            (OptimizerKind.adam, 0.0), (.adamw, 0), (.sgd, 0), (.sgd, 0.9), (.rmsprop, 0.9),
        ] {
            var settings = unusualConfiguration.training
            (settings.optimizer, settings.momentum) = (optimizer, momentum)
            let hash = SHA256.hex(of: sampleCheckpoint(settings).encoded())
            lines.append("checkpoint \(optimizer) \(momentum) \(hash)")
        }
        var model = ModelFile(
            architecture: smallArchitecture, dataset: "fashion-mnist",
            configuration: unusualConfiguration.training, parameters: sampleCheckpoint().parameters)
        lines.append("model \(SHA256.hex(of: model.encoded()))")
        (model.configuration, model.dataDigest) = (nil, "abc")
        lines.append("model without settings \(SHA256.hex(of: model.encoded()))")
        #expect(try frozen.differences(from: lines) == [])
    }

    @Test("with wrong values are rejected with the frozen messages")
    func frozenRefusals() throws {
        let frozen = FrozenLines(
            "refusals", "Wrong settings in config.json, and what is said of each.")
        let values = [
            "[]", "{}", "true", "\"?\"", "-1", "0", "1", "0.5", "1e9", "1e30", "null",
        ]
        let text = String(decoding: unusualConfiguration.encoded(), as: UTF8.self)
        let keys = text.matches(of: /"([a-z_0-9]+)" :/).map { String($0.1) }
        var lines: [String] = []
        for key in keys + ["unknown"] {
            for value in values {
                let text = "{\"\(key)\": \(value)}"
                do throws(ConfigurationError) {
                    let configuration = try RunConfiguration(
                        parsing: Array(text.utf8), path: "config.json")
                    try configuration.validate()
                    let difference = configuration.training.difference(from: .init())
                    lines.append("\(text) \(difference.map { "\($0)" } ?? "")")
                } catch {
                    lines.append("\(text) \(error)")
                }
            }
        }
        #expect(try frozen.differences(from: lines) == [])
    }
}
