import Kernels
import TernKit
import Testing

@Suite("A trainer in a program")
struct TrainerTests {
    private static let recipe: TrainingConfiguration = {
        var recipe = TrainingConfiguration()
        recipe.cell = .lstm
        (recipe.hidden, recipe.epochs, recipe.batchSize) = (12, 4, 25)
        return recipe
    }()

    @Test("gives the same bits with any number of lanes and any kernels")
    func exact() async throws {
        var weights: Set<String> = []
        for kernels in Kernels.supported {
            for lanes in [1, 2, 3, 5, 16, 99] {
                let trainer = try Trainer(
                    Self.recipe, stripes(), lanes: lanes, kernels: kernels.name)
                weights.insert(try await trainer.train().parameters.sha256)
            }
        }
        #expect(weights.count == 1)
    }

    @Test("reports each epoch, and its model predicts what it learned")
    func learns() async throws {
        let data = try stripes()
        var recipe = Self.recipe
        (recipe.epochs, recipe.learningRate) = (40, 0.01)
        let trainer = try Trainer(recipe, data, lanes: 2)
        let (reports, told) = AsyncStream.makeStream(of: EpochReport.self)
        let model = try await trainer.train { told.yield($0) }
        told.finish()
        let epochs = await reports.reduce(into: []) { $0.append($1) }
        #expect(epochs.map(\.epoch) == Array(1...40))
        #expect(epochs.map(\.step) == (1...40).map { 8 * $0 })
        #expect(epochs.allSatisfy { $0.train.examples == 200 && $0.test.examples == 50 })
        #expect(try #require(epochs.last).test.accuracy > 0.9)

        let predictor = try Predictor(model)
        let hits = (0..<data.test.count).count { index in
            predictor.predict(data.test[index]).best == Int(data.test.labels[index])
        }
        #expect(hits == epochs.last?.test.correct)
    }

    @Test("rejects contradictory settings before it computes anything")
    func refusals() throws {
        var recipe = Self.recipe
        recipe.batchSize = 201
        let tooLarge = ConfigurationError.batchLargerThanData(batchSize: 201, examples: 200)
        #expect(throws: tooLarge) { try Trainer(recipe, stripes()) }
        recipe.batchSize = 0
        let notPositive = ConfigurationError.notPositive(option: "batch-size", value: "0")
        #expect(throws: notPositive) { try Trainer(recipe, stripes()) }
        #expect(throws: KernelSelectionError.self) {
            try Trainer(Self.recipe, stripes(), kernels: "abacus")
        }
    }

    @Test("fails if training diverges to numbers that are not finite")
    func divergence() async throws {
        var recipe = Self.recipe
        (recipe.cell, recipe.nonlinearity, recipe.optimizer) = (.rnn, .relu, .sgd)
        (recipe.learningRate, recipe.clipNorm, recipe.epochs) = (1e20, 0, 50)
        let trainer = try Trainer(recipe, stripes(), lanes: 2)
        await #expect(throws: TrainerError.self) { try await trainer.train() }
    }

    @Test("fails if the test loss is not finite, even if the weights are")
    func divergedTest() async throws {
        var recipe = Self.recipe
        (recipe.cell, recipe.nonlinearity, recipe.optimizer) = (.rnn, .relu, .sgd)
        (recipe.learningRate, recipe.clipNorm, recipe.schedule) = (1e30, 0, .constant)
        (recipe.batchSize, recipe.epochs) = (200, 1)
        let trainer = try Trainer(recipe, stripes(), lanes: 2)
        await #expect(throws: TrainerError.diverged(step: 1)) {
            try await trainer.train { _ in Issue.record("an epoch without a finite test loss") }
        }
    }

    @Test("fits default settings to few examples: one batch of all, and fewer shards")
    func fewExamples() async throws {
        let few = try stripes(train: 12)
        let model = try await Trainer(TrainingConfiguration(), few, lanes: 1).train()
        #expect(model.configuration?.batchSize == 12)
        #expect(model.configuration?.shards == 8)
        var chosen = TrainingConfiguration()
        chosen.batchSize = 13
        #expect(throws: ConfigurationError.batchLargerThanData(batchSize: 13, examples: 12)) {
            try Trainer(chosen, few)
        }
        chosen = TrainingConfiguration()
        chosen.shards = 16
        #expect(throws: ConfigurationError.moreShardsThanExamples(shards: 16, examples: 12)) {
            try Trainer(chosen, few)
        }
    }

    @Test("ends if its task is cancelled")
    func cancellation() async throws {
        var recipe = Self.recipe
        recipe.epochs = 1_000_000
        let trainer = try Trainer(recipe, stripes(), lanes: 2)
        let (reports, told) = AsyncStream.makeStream(of: Int.self)
        let training = Task { try await trainer.train { told.yield($0.epoch) } }
        for await _ in reports { break }
        training.cancel()
        await #expect(throws: CancellationError.self) { try await training.value }
    }

    @Test("checks data from memory like data from files")
    func memory() throws {
        let shape = ExampleShape(rows: 2, columns: 1, element: .float32)
        let other = ExampleShape(rows: 1, columns: 2, element: .float32)
        func set(_ shape: ExampleShape, _ labels: [UInt8]) -> ExampleSet {
            ExampleSet(
                shape, values: [UInt8](repeating: 0, count: 8 * labels.count), labels: labels)
        }
        let data = try Dataset(train: set(shape, [0, 1, 2, 1]), test: set(shape, [2]))
        #expect(data.classes == 3)
        #expect(data.digest.count == 64)
        #expect(throws: DatasetError.self) {
            try Dataset(train: set(shape, [0, 1]), test: set(other, [1]))
        }
        let untaught = try Dataset(train: set(shape, [0, 1]), test: set(shape, [0, 2]))
        #expect(untaught.classes == 3)
        #expect(throws: DatasetError.tooFewClasses(file: "the training set", label: 4)) {
            try Dataset(train: set(shape, [4, 4]), test: set(shape, [0, 2]))
        }
    }
}

/// Training images (by default 200) and 50 test images of 6 x 4 pixels, with a stripe in one of three rows or columns.
private func stripes(train: Int = 200) throws -> Dataset {
    func set(_ count: Int) -> ExampleSet {
        let labels = (0..<count).map { UInt8($0 * 7 % 6) }
        let values = labels.enumerated().flatMap { index, label in
            (0..<24).map { pixel in
                let place = label < 3 ? pixel / 4 : pixel % 4
                return place == Int(label) % 3 ? UInt8(255) : UInt8((index * 31 + pixel * 17) % 60)
            }
        }
        return ExampleSet(ExampleShape(rows: 6, columns: 4), values: values, labels: labels)
    }
    return try Dataset(train: set(train), test: set(50))
}
