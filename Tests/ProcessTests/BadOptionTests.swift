import FoundationEssentials
import Testing

@Suite("An invalid setting is rejected before anything is created or started", .bench)
struct BadOptionTests {
    /// Options, and the expected parts of the error.
    struct Case: CustomTestStringConvertible {
        let options: [String]
        let parts: [String]
        var testDescription: String { options.joined(separator: " ") }

        init(_ options: String, _ parts: String...) {
            self.options = options.split(separator: " ").map(String.init)
            self.parts = parts
        }
    }

    @Test(
        "with one line that names the option and its limits",
        arguments: [
            Case("--hidden 0", "--hidden must be above 0"),
            Case("--hidden 100000", "--hidden is 100000, above the limit of 8192"),
            Case("--layers 0", "--layers must be above 0"),
            Case("--epochs 0", "--epochs must be above 0"),
            Case("--batch-size 0", "--batch-size must be above 0"),
            Case(
                "--batch-size 601", "--batch-size 601 is larger", "600 training examples",
                "give at most 600"),
            Case("--learning-rate 0", "--learning-rate must be above 0"),
            Case("--learning-rate nan", "--learning-rate must be above 0"),
            Case("--clip-norm=-1", "--clip-norm must be 0 or above"),
            Case("--label-smoothing 1", "--label-smoothing must be from 0 (nothing) to below 1"),
            Case("--momentum 0.9", "--momentum has no effect", "--optimizer sgd or rmsprop"),
            Case(
                "--optimizer sgd --nesterov", "--nesterov has no effect", "--momentum above 0"),
            Case("--step-epochs 3", "--step-epochs has no effect", "--schedule step"),
            Case("--warmup=-1", "--warmup must be 0 or above"),
            Case("--shards 12", "--shards must be a power of two", "try 16"),
            Case("--shards 0", "--shards must be a power of two"),
            Case("--accumulate 0", "--accumulate must be above 0"),
            Case("--accumulate 5", "--accumulate 5 at --batch-size 128", "at most --accumulate 4"),
            Case("--shards 1024 --batch-size 100", "--shards 1024 is more than", "fewer shards"),
            Case(
                "--shards 4 --workers 5", "--shards 4 is fewer than the lanes of 5 workers",
                "more shards or fewer workers"),
            Case(
                "--shards 4 --workers 2 --threads 3",
                "--shards 4 is fewer than the lanes of 2 workers with 3 threads each"),
            Case("--layers 2 --dropout 1", "--dropout must be from 0 (nothing) to below 1"),
            Case("--dropout 0.5", "--dropout 0.5 has no effect here", "give --layers 2"),
            Case("--cell gru --initialization identity", "--initialization identity has no effect"),
            Case("--workers 0", "--workers must be above 0"),
            Case("--threads 0", "--threads must be above 0"),
            Case("--log-every 0", "--log-every must be above 0"),
            Case("--checkpoint-every=-1", "--checkpoint-every must be 0"),
        ])
    func value(bad: Case) async throws {
        try await expectNoRun(status: 64, bad.options) { ending in
            expectRefusal(ending, status: 64, bad.parts)
        }
    }

    @Test(
        "with the list of valid values",
        arguments: [
            Case("--cell lstmm", "'lstmm' is invalid for '--cell <cell>'", "'rnn', 'lstm'"),
            Case("--nonlinearity sine", "'--nonlinearity <nonlinearity>'", "'relu'", "'tanh'"),
            Case("--optimizer lion", "'--optimizer <optimizer>'", "'adamw'", "'sgd'"),
            Case("--schedule linear", "'--schedule <schedule>'", "'step'", "'cosine'"),
            Case("--dataset cifar", "'--dataset <dataset>'", "'mnist'", "'fashion-mnist'"),
            Case("--log-level loud", "'--log-level <log-level>'", "debug", "warning"),
            Case("--trace 4-2", "'4-2' is invalid for '--trace <first-last>'"),
            Case("--trace all", "'all' is invalid for '--trace <first-last>'"),
            Case("--hidden many", "'many' is invalid for '--hidden <hidden>'"),
            Case("--seed 18446744073709551616", "is invalid for '--seed <seed>'", "2^64 - 1"),
            Case("--hiden 3", "Unknown option '--hiden'", "--hidden"),
            Case("--epochs", "Missing value for '--epochs <epochs>'"),
            Case("extra", "Unexpected argument 'extra'"),
            Case("--resume there --config that", "--resume", "leave out --config"),
        ])
    func choice(bad: Case) async throws {
        try await expectNoRun(status: 64, bad.options) { ending in
            #expect(ending.errors.hasPrefix("Error: "))
            for part in bad.parts { #expect(ending.errors.contains(part), "\(ending)") }
            #expect(ending.errors.contains("See 'tern train --help' for more information."))
        }
    }

    private func expectNoRun(
        status: Int32, _ options: [String], _ check: (Ending) -> Void
    ) async throws {
        let data = try SampleData()
        let before = try FileManager.default.contentsOfDirectory(atPath: bench.folder).count
        let ending = try await tern(["train", "--data", data.folder] + options)
        #expect(ending.status == status)
        #expect(ending.output == "")
        check(ending)
        // Only the two files with the process's output are new.
        let after = try FileManager.default.contentsOfDirectory(atPath: bench.folder).count
        #expect(after == before + 2)
    }

    @Test("and so is a command that is unknown or lacks its endpoint")
    func commands() async throws {
        let unknown = try await tern(["trian"])
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("Unexpected argument 'trian'"))
        #expect(unknown.errors.contains("See 'tern --help' for more information."))
        for (command, option) in [("coordinator", "--listen"), ("worker", "--connect")] {
            let ending = try await tern([command])
            #expect(ending.status == 64)
            #expect(ending.errors.contains("Missing expected argument '\(option) <endpoint>'"))
        }
        for option in ["--threads", "--join-timeout"] {
            let ending = try await tern(["worker", "--connect", "tcp://127.0.0.1:9", option, "0"])
            #expect(ending.status == 64)
            #expect(ending.errors.contains("\(option) must be"))
        }
    }

    @Test(
        "and so is an invalid configuration file, which is named with its fault",
        arguments: [
            (#"{"hidden": 3"#, "JSON"),
            (#"["hidden"]"#, "not a JSON object"),
            (
                #"{"hiden": 3}"#,
                #"unknown setting "hiden"; the settings are accumulate, batch_size"#
            ),
            (#"{"hidden": "3"}"#, #""hidden" has a value of the wrong kind"#),
            (#"{"cell": "lstmm"}"#, #""cell" has a value of the wrong kind"#),
            (#"{"dataset": "cifar"}"#, #"unknown data set "cifar""#),
        ])
    func configuration(text: String, part: String) async throws {
        let path = bench.path("settings.json")
        try Data(text.utf8).write(to: URL(filePath: path))
        try await expectRefusal(
            ["train", "--config", path], status: 78, "\(path) is not a usable configuration", part)
    }

    @Test("and so is a missing configuration file, which is named")
    func noConfiguration() async throws {
        let path = bench.path("none.json")
        try await expectRefusal(
            ["train", "--config", path], status: 74, "cannot read \(path)", "check the path")
    }

    @Test(
        "and so is an unknown kernel set, with a list of the available ones",
        arguments: [
            ["train"], ["evaluate", "model"], ["worker", "--connect", "tcp://127.0.0.1:9"],
        ])
    func kernels(arguments: [String]) async throws {
        let data = try SampleData()
        let all = arguments == ["train"] ? arguments + ["--data", data.folder] : arguments
        try await expectRefusal(
            all, status: 69, "TERN_KERNELS=nonsense cannot be used here", commonKernels,
            "unset the variable", environment: ["TERN_KERNELS": "nonsense"])
    }
}
