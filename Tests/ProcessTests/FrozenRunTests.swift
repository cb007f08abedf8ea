import Foundation
import Hashing
import Kernels
import TestSupport
import Testing

/// The outputs that a refactoring must not change.
@Suite("The frozen outputs", .bench)
struct FrozenRunTests {
    private static let recipes =
        ExactnessTests.recipes + [
            Recipe.small.with("--optimizer", "adamw", "--weight-decay", "0.1", "--warmup", "4"),
            Recipe.small.with(
                "--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "", "--schedule", "step",
                "--gamma", "0.5"),
            Recipe.small.with("--nonlinearity", "relu", "--initialization", "identity"),
            Recipe.small.with("--cell", "gru", "--sequence", "columns", "--clip-norm", "0.01"),
        ]

    @Test("include the weights of each recipe with 1, 3 or 8 workers and any kernels")
    func frozenWeights() async throws {
        let frozen = FrozenLines(
            "weights", "Recipes, and the SHA-256 of the weights that they end with.")
        let data = try SampleData()
        var lines: [String] = []
        for (number, recipe) in Self.recipes.enumerated() {
            var weights: Set<String> = []
            for kernels in Kernels.supported.map({ $0.name }) {
                for workers in [1, 3, 8] {
                    let run = RunFolder("run-\(number)-\(kernels)-\(workers)")
                    let summary = try await recipe.with("--workers", "\(workers)")
                        .train(data, into: run, environment: [Kernels.variable: kernels])
                    weights.insert(summary.weights)
                }
            }
            lines.append("\(recipe.testDescription): \(weights.sorted().joined(separator: " or "))")
        }
        #expect(try frozen.differences(from: lines) == [])
    }

    @Test("include a run's files, except times and process names")
    func frozenFiles() async throws {
        let frozen = FrozenLines("runs", "Files of runs, without times and names of processes.")
        let data = try SampleData()
        var lines: [String] = []
        for (name, recipe) in [
            ("adam", Recipe.small),
            ("sgd", Recipe.small.with("--optimizer", "sgd", "--momentum", "0.5", "--shards", "4")),
        ] {
            let run = RunFolder(name)
            // With one worker, the messages have a fixed order.
            let words = ["--workers", "1", "--log-every", "2", "--log-level", "debug"]
            let ending = try await tern(recipe.arguments(data, into: run) + words)
            _ = try run.completed(ending)
            let paths = try FileManager.default.subpathsOfDirectory(atPath: run.path).sorted()
            for path in paths where Self.isFrozen(path) {
                lines += try self.lines(of: path, in: run).map { "\(name)/\(path) \($0)" }
            }
        }
        #expect(try frozen.differences(from: lines) == [])
    }

    @Test("include the errors of options with invalid values")
    func frozenErrors() async throws {
        let frozen = FrozenLines("options", "Wrong values of options, and what is said of each.")
        let help = try await tern(["train", "--help"], environment: ["COLUMNS": "80"]).output
        let options = help.matches(of: /(?m)^ +--([a-z-]+) </).map { String($0.1) }
        var lines: [String] = []
        for option in options {
            for value in ["?", "-1", "0"] {
                let ending = try await tern(["train", "--data", "none", "--\(option)", value])
                let errors = withoutTimes(ending.errorLines.joined(separator: " | "))
                lines.append("\(option) \(value): \(ending.status) \(errors)")
            }
        }
        #expect(try frozen.differences(from: lines) == [])
    }

    /// Whether a path is a file with more content than times.
    private static func isFrozen(_ path: String) -> Bool {
        path != "timing.jsonl" && !path.hasPrefix("logs/") && path.contains(".")
    }

    /// The lines of a text file; for a file of tensors, its metadata and the hash of the rest.
    private func lines(of name: String, in run: RunFolder) throws -> [String] {
        let bytes = try readFile(run.path(name))
        guard name.hasSuffix(".safetensors") else {
            let lines = withoutTimes(String(decoding: bytes, as: UTF8.self))
                .split(separator: "\n").map(String.init)
            // The time when a checkpoint reaches the disk varies.
            let isWritten = { (line: String) in line.contains("checkpoint of step") }
            return lines.filter { !isWritten($0) } + lines.filter(isWritten)
        }
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = withoutTimes(String(decoding: bytes[8..<8 + length], as: UTF8.self))
        return [
            header.trimmingCharacters(in: .whitespaces),
            SHA256.hex(of: Array(bytes[(8 + length)...])),
        ]
    }

    /// A text without the parts that vary between runs: times, processes, folders, processors.
    private func withoutTimes(_ text: String) -> String {
        let times = /"(time|seconds|wall_seconds|examples_per_second|pid)"( ?: ?)[-+0-9.e]+/
        let phases = /"(first|other|record|reduce|send|update|wait)":[-+0-9.e]+/
        let names = /"(worker|host|namespace)":"[^"]*"/
        // A checkpoint's hash also covers the duration of its run.
        let checkpoint = /"sha256":"[0-9a-f]+",("tern":.*\\"seconds\\":)[-+0-9.e]+/
        return text.replacing(bench.folder, with: "FOLDER")
            .replacing(times) { "\"\($0.1)\"\($0.2)0" }
            .replacing(phases) { "\"\($0.1)\":0" }
            .replacing(names) { "\"\($0.1)\":\"\"" }
            .replacing(checkpoint) { "\"sha256\":\"\",\($0.1)0" }
            .replacing(/(worker )[^ :"]+:[0-9]+/) { "\($0.1)NAME" }
            .replacing(/(?m)^[-0-9]+T[:.0-9]+Z/, with: "TIME")
            .replacing(/[0-9,]+ examples\/s/, with: "RATE examples/s")
            .replacing(/avx2|avx512|neon/, with: "KERNELS")
    }
}
