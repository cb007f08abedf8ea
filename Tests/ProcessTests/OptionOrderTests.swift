import FoundationEssentials
import Testing

/// A data set that suits the default options and trains quickly.
private func smallData() throws -> SampleData { try SampleData(train: 160, test: 20, side: 8) }

@Suite("Options override --config, and a resumed run keeps its settings", .bench)
struct OptionOrderTests {
    /// An option that is also a setting in a configuration file.
    struct Setting {
        let option: String
        /// A non-default value in a file.
        let json: String
        /// The same value on the command line, and the default there.
        let (changed, initial): ([String], [String])
        /// Whether a resumed run may have another value.
        var mayChange = false

        init(_ option: String, _ json: String, _ initial: String, mayChange: Bool = false) {
            let value = json.filter { !"[]\"".contains($0) }
            self.option = option
            self.json = json
            changed = ["--\(option)", value]
            self.initial = ["--\(option)", initial]
            self.mayChange = mayChange
        }

        /// A flag.
        init(flag option: String) {
            self.option = option
            json = "true"
            (changed, initial) = (["--\(option)"], ["--no-\(option)"])
        }
    }

    static let settings = [
        Setting("dataset", "\"fashion-mnist\"", "mnist"),
        Setting("data", "\"/no/folder\"", "none", mayChange: true),
        Setting("cell", "\"gru\"", "rnn"), Setting("hidden", "20", "128"),
        Setting("layers", "2", "1"), Setting("nonlinearity", "\"relu\"", "tanh"),
        Setting(flag: "bidirectional"), Setting("dropout", "0.5", "0"),
        Setting("readout", "\"mean\"", "last"), Setting("convolution", "[4]", "none"),
        Setting("sequence", "\"pixels\"", "rows"),
        Setting("initialization", "\"identity\"", "uniform"),
        Setting("initial-weights", "\"/no/file\"", "none"), Setting("epochs", "3", "10"),
        Setting("batch-size", "10", "128"), Setting("accumulate", "7", "1"),
        Setting("label-smoothing", "0.1", "0"), Setting("learning-rate", "0.5", "0.003"),
        Setting("optimizer", "\"sgd\"", "adam"), Setting("momentum", "0.9", "0"),
        Setting(flag: "nesterov"), Setting("weight-decay", "0.1", "0"),
        Setting("clip-norm", "3", "0.5"), Setting("schedule", "\"step\"", "cosine"),
        Setting("warmup", "5", "0"), Setting("step-epochs", "4", "1"),
        Setting("gamma", "0.2", "0.7"),
        Setting("shards", "4", "16"), Setting("seed", "9", "0"),
        Setting("threads", "2", "1", mayChange: true),
        Setting("checkpoint-every", "3", "0", mayChange: true),
        Setting("log-every", "7", "100", mayChange: true),
        Setting("log-level", "\"debug\"", "info", mayChange: true),
        Setting("workers", "3", "none", mayChange: true),
    ]

    /// The options that are not in configuration files.
    static let others: Set = [
        "restart", "supervised", "heartbeat-timeout", "answer-timeout", "pause-timeout", "audit",
        "run-dir", "resume", "resume-or-start", "config", "sign", "trace", "tensorboard",
        "log-format", "version",
        "monitor", "help", "h",
    ]

    @Test("for every option: the table lists them all")
    func complete() async throws {
        let help = try await tern(["train", "--experimental-dump-help"]).output
        let dump = try JSONDecoder().decode(Dump.self, from: Data(help.utf8))
        let names = dump.command.arguments.flatMap { $0.names ?? [] }.map(\.name)
        #expect(names.count > 30)
        let known = Set(Self.settings.map(\.option)).union(Self.others)
        for name in names {
            let stem = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
            #expect(known.contains(stem), "--\(name)")
        }
    }

    private struct Dump: Decodable {
        struct Name: Decodable { let name: String }
        struct Argument: Decodable { let names: [Name]? }
        struct Command: Decodable { let arguments: [Argument] }
        let command: Command
    }

    @Test("even if an option restores the default")
    func backToDefault() async throws {
        let environment = ["TERN_MNIST_DIR": try smallData().folder]
        let (plain, back) = (RunFolder("plain"), RunFolder("back"))
        _ = try plain.completed(
            try await tern(["train", "--run-dir", plain.path], environment: environment))
        let keys = Self.settings.map {
            "\"\($0.option.replacing("-", with: "_"))\": \($0.json)"
        }
        let file = try writeFile("settings.json", Array("{\(keys.joined(separator: ", "))}".utf8))
        let options = ["train", "--config", file, "--run-dir", back.path]
        _ = try back.completed(
            try await tern(options + Self.settings.flatMap(\.initial), environment: environment))
        #expect(try back.text("config.json") == plain.text("config.json"))
        #expect(try back.summary.weights == plain.summary.weights)

        // With the file alone, every setting differs from its default.
        let written = try plain.text("config.json")
        for setting in Self.settings {
            let key = setting.option.replacing("-", with: "_")
            #expect(!written.contains("\"\(key)\" : \(setting.json)"), "\(key)")
        }

        // A resumed run keeps the settings that determine its weights, and names an option that differs.
        for setting in Self.settings where !setting.mayChange {
            let ending = try await tern(
                ["train", "--resume", plain.path] + setting.changed, environment: environment)
            guard setting.option != "initial-weights" else {
                expectRefusal(ending, status: 74, ["cannot read /no/file"])
                continue
            }
            expectRefusal(ending, status: 78, ["--\(setting.option) is "])
        }
        // All other settings may change at once.
        let free = Self.settings.filter { $0.mayChange && $0.option != "data" }
        let resumed = try await tern(
            ["train", "--resume", plain.path] + free.flatMap(\.changed), environment: environment)
        _ = try plain.completed(resumed)
        #expect(try plain.text("config.json") == written)
    }
}
