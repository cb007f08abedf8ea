import Datasets
import FoundationEssentials
import Training
import ZeroMQ

/// How fast whole trainings are, over several settings.
public struct TrainRates: Codable, Sendable {
    /// The data set, or `synthetic`.
    public let dataset: String
    /// The epochs of each training.
    public let epochs: Int
    /// The trainings with each of the settings.
    public let repeats: Int
    /// The results, in the order of the settings.
    public let runs: [TrainRate]
}

/// How fast the trainings with some settings are.
public struct TrainRate: Codable, Sendable {
    /// The settings.
    public let settings: TrainSettings
    /// Training examples a second, the tests at an epoch's end not counted.
    public let examplesPerSecond: Spread
    /// Seconds from the command to the first step.
    public let secondsToFirstStep: Spread
    /// The most memory that a worker had at once, in bytes; nil where it was too short to be seen.
    public let workerPeakBytes: Int?
    /// The most memory that the coordinator had at once, in bytes.
    public let coordinatorPeakBytes: Int?
}

/// Measures whole trainings, each a `tern train` process of its own.
public struct TrainBenchmark: Sendable {
    /// The program.
    public var executable: String
    /// The settings to measure.
    public var settings: [TrainSettings]
    /// The epochs of each training.
    public var epochs: Int
    /// The trainings with each of the settings.
    public var repeats: Int
    /// The folder with the data set; nil to search for MNIST, or else to make up images.
    public var data: String?

    /// The measurement of some settings.
    public init(
        executable: String, settings: [TrainSettings], epochs: Int, repeats: Int, data: String?
    ) {
        self.executable = executable
        self.settings = settings
        self.epochs = epochs
        self.repeats = repeats
        self.data = data
    }

    /// Measures, all settings in turns.
    ///
    /// - Parameters:
    ///   - folder: where data and runs may lie; the caller removes it.
    ///   - signals: what ends the measurement.
    /// - Throws: ``BenchmarkError`` if a training fails, ``FileError`` or ``DatasetError`` if there
    ///   is no data.
    public func run(folder: String, signals: SignalSource) async throws -> TrainRates {
        let (name, directory) = try await findData(folder)
        var runs = settings.map { _ in [TrainRun]() }
        for _ in 0..<repeats {
            for (index, settings) in settings.enumerated() {
                let run = try await TrainRun.carryOut(
                    executable, settings, epochs: epochs, data: directory,
                    folder: "\(folder)/run", signals: signals)
                runs[index].append(run)
            }
        }
        return TrainRates(
            dataset: name, epochs: epochs, repeats: repeats,
            runs: zip(settings, runs).map { settings, runs in
                TrainRate(
                    settings: settings,
                    examplesPerSecond: Spread(runs.map(\.examplesPerSecond)),
                    secondsToFirstStep: Spread(runs.map(\.secondsToFirstStep)),
                    workerPeakBytes: runs.compactMap(\.workerPeakBytes).max(),
                    coordinatorPeakBytes: runs.compactMap(\.coordinatorPeakBytes).max())
            })
    }

    /// The data set's name, and the folder that holds it.
    private func findData(_ folder: String) async throws -> (name: String, directory: String) {
        do {
            let dataset = try await Dataset.load(
                .mnist, directory: data, environment: ProcessInfo.processInfo.environment)
            return (dataset.name, dataset.directory)
        } catch DatasetError.notFound where data == nil {
            try SyntheticImages().write(to: folder)
            return ("synthetic", folder)
        }
    }
}
