import NeuralNetwork
import Settings
import Testing

@Suite("Validation")
struct ValidationTests {
    /// A change that makes the default configuration invalid, and the error that it causes.
    struct Case: Sendable, CustomTestStringConvertible {
        let error: ConfigurationError
        let change: @Sendable (inout RunConfiguration) -> Void
        var testDescription: String { "\(error)" }

        init(
            _ error: ConfigurationError,
            _ change: @escaping @Sendable (inout RunConfiguration) -> Void
        ) {
            self.error = error
            self.change = change
        }
    }

    private static let cases = [
        Case(.notPositive(option: "hidden", value: "0")) { $0.training.hidden = 0 },
        Case(.notPositive(option: "layers", value: "-1")) { $0.training.layers = -1 },
        Case(.notPositive(option: "epochs", value: "0")) { $0.training.epochs = 0 },
        Case(.notPositive(option: "batch-size", value: "0")) { $0.training.batchSize = 0 },
        Case(.tooLarge(option: "hidden", value: 8_193, limit: 8_192)) {
            $0.training.hidden = 8_193
        },
        Case(.tooLarge(option: "layers", value: .max, limit: 64)) { $0.training.layers = .max },
        Case(.tooLarge(option: "epochs", value: .max, limit: 1_000_000)) {
            $0.training.epochs = .max
        },
        Case(.tooLarge(option: "batch-size", value: .max, limit: 1 << 24)) {
            $0.training.batchSize = .max
        },
        Case(.notPositive(option: "learning-rate", value: "0.0")) { $0.training.learningRate = 0 },
        Case(.notPositive(option: "learning-rate", value: "-1.0")) {
            $0.training.learningRate = -1
        },
        Case(.notPositive(option: "learning-rate", value: "nan")) {
            $0.training.learningRate = .nan
        },
        Case(.notPositive(option: "learning-rate", value: "inf")) {
            $0.training.learningRate = .infinity
        },
        Case(.negative(option: "clip-norm", value: "-0.5")) { $0.training.clipNorm = -0.5 },
        Case(.negative(option: "clip-norm", value: "nan")) { $0.training.clipNorm = .nan },
        Case(.notPositive(option: "step-epochs", value: "0")) { $0.training.stepEpochs = 0 },
        Case(.tooLarge(option: "step-epochs", value: .max, limit: 1_000_000)) {
            $0.training.stepEpochs = .max
        },
        Case(.notPositive(option: "gamma", value: "0.0")) { $0.training.gamma = 0 },
        Case(.notPositive(option: "gamma", value: "nan")) { $0.training.gamma = .nan },
        Case(.negative(option: "warmup", value: "-1")) { $0.training.warmup = -1 },
        Case(.withoutEffect(option: "step-epochs", remedy: "give --schedule step")) {
            ($0.training.schedule, $0.training.stepEpochs) = (.cosine, 3)
        },
        Case(.withoutEffect(option: "gamma", remedy: "give --schedule step")) {
            ($0.training.schedule, $0.training.gamma) = (.constant, 0.1)
        },
        Case(.notAShare(option: "label-smoothing", value: "1.0")) {
            $0.training.labelSmoothing = 1
        },
        Case(.notAShare(option: "momentum", value: "1.0")) { $0.training.momentum = 1 },
        Case(.notAShare(option: "momentum", value: "-0.1")) { $0.training.momentum = -0.1 },
        Case(.notAShare(option: "momentum", value: "nan")) { $0.training.momentum = .nan },
        Case(.negative(option: "weight-decay", value: "-0.1")) { $0.training.weightDecay = -0.1 },
        Case(.negative(option: "weight-decay", value: "inf")) {
            $0.training.weightDecay = .infinity
        },
        Case(.withoutEffect(option: "momentum", remedy: "give --optimizer sgd or rmsprop")) {
            ($0.training.optimizer, $0.training.momentum) = (.adam, 0.9)
        },
        Case(.withoutEffect(option: "momentum", remedy: "give --optimizer sgd or rmsprop")) {
            ($0.training.optimizer, $0.training.momentum) = (.adamw, 0.9)
        },
        Case(.withoutEffect(option: "nesterov", remedy: "give --optimizer sgd")) {
            ($0.training.optimizer, $0.training.momentum) = (.rmsprop, 0.9)
            $0.training.nesterov = true
        },
        Case(.withoutEffect(option: "nesterov", remedy: "give --momentum above 0")) {
            ($0.training.optimizer, $0.training.nesterov) = (.sgd, true)
        },
        Case(.notPositive(option: "accumulate", value: "0")) { $0.training.accumulate = 0 },
        Case(.tooLarge(option: "accumulate", value: .max, limit: 1 << 24)) {
            $0.training.accumulate = .max
        },
        Case(.shardsNotPowerOfTwo(0)) { $0.training.shards = 0 },
        Case(.shardsNotPowerOfTwo(-16)) { $0.training.shards = -16 },
        Case(.shardsNotPowerOfTwo(12)) { $0.training.shards = 12 },
        Case(.shardsNotPowerOfTwo(8_192)) { $0.training.shards = 8_192 },
        Case(.shardsNotPowerOfTwo(.min)) { $0.training.shards = .min },
        Case(.notPositive(option: "workers", value: "0")) { $0.workers = 0 },
        Case(.notPositive(option: "threads", value: "-2")) { $0.threads = -2 },
        Case(.notPositive(option: "log-every", value: "0")) { $0.logEvery = 0 },
        Case(.negative(option: "checkpoint-every", value: "-1")) { $0.checkpointEvery = -1 },
        Case(.fewerShardsThanLanes(shards: 16, workers: 4, threads: 5)) {
            ($0.workers, $0.threads) = (4, 5)
        },
        Case(.fewerShardsThanLanes(shards: 16, workers: 1, threads: 17)) { $0.threads = 17 },
    ]

    @Test("rejects an invalid setting by name", arguments: cases)
    func refused(testCase: Case) {
        var configuration = RunConfiguration()
        testCase.change(&configuration)
        #expect(throws: testCase.error) { try configuration.validate() }
    }

    @Test("rejects a number of lanes that overflows, without a trap")
    func overflowingLanes() {
        var configuration = RunConfiguration()
        configuration.workers = .max
        configuration.threads = 2
        let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
        #expect(error == .tooLarge(option: "workers", value: .max, limit: 4096))
    }

    @Test("accepts the defaults, and settings at their limits")
    func accepted() throws {
        try RunConfiguration().validate()
        var configuration = RunConfiguration()
        configuration.training.hidden = 8_192
        configuration.training.layers = 64
        configuration.training.epochs = 1
        configuration.training.clipNorm = 0
        configuration.training.shards = 4_096
        configuration.workers = 4_096
        try configuration.validate()
        configuration.training.shards = 1
        configuration.workers = 1
        try configuration.validate()
    }

    @Test("rejects examples with more time steps than a network reads")
    func timeSteps() throws {
        var configuration = TrainingConfiguration()
        try configuration.validate(examples: 128, rows: 16_384, columns: 1)
        configuration.sequence = .pixels
        try configuration.validate(examples: 128, rows: 128, columns: 128)
        for (sequence, rows, columns) in [
            (SequenceOrder.rows, 16_385, 1), (.columns, 1, 16_385), (.pixels, 128, 129),
            (.permuted, 129, 128),
        ] {
            configuration.sequence = sequence
            let error = ConfigurationError.tooManyTimeSteps(rows: rows, columns: columns, sequence)
            #expect(throws: error) {
                try configuration.validate(examples: 128, rows: rows, columns: columns)
            }
        }
    }

    @Test("checks batch and shards against the number of training examples")
    func examples() throws {
        var configuration = TrainingConfiguration()
        try configuration.validate(examples: 128, rows: 28, columns: 28)
        #expect(throws: ConfigurationError.batchLargerThanData(batchSize: 128, examples: 127)) {
            try configuration.validate(examples: 127, rows: 28, columns: 28)
        }
        configuration.batchSize = 2
        configuration.accumulate = 64
        try configuration.validate(examples: 128, rows: 28, columns: 28)
        let tooLarge = ConfigurationError.stepLargerThanData(
            accumulate: 64, batchSize: 2, examples: 127)
        #expect(throws: tooLarge) {
            try configuration.validate(examples: 127, rows: 28, columns: 28)
        }
        configuration.accumulate = 1
        #expect(throws: ConfigurationError.moreShardsThanExamples(shards: 16, examples: 15)) {
            try configuration.validate(examples: 15, rows: 28, columns: 28)
        }
    }

    @Test(
        "gives each error as one line with the option and a remedy",
        arguments: cases.map(\.error) + [
            .batchLargerThanData(batchSize: 9, examples: 8),
            .stepLargerThanData(accumulate: 2, batchSize: 5, examples: 8),
            .tooManyTimeSteps(rows: 200, columns: 100, .pixels),
            .moreShardsThanExamples(shards: 16, examples: 8),
            .unreadableFile(path: "a", reason: "b"),
            .differs(option: "hidden", given: "1", expected: "2", where: "c"),
        ])
    func oneLine(error: ConfigurationError) {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
        if case .unreadableFile = error { return }
        #expect(error.description.hasPrefix("--"))
    }
}
