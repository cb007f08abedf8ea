import Datasets
import FoundationEssentials
import ZeroMQ

/// The speed of whole trainings with different settings.
public struct TrainRates: Codable, Sendable {
    /// The data set, or `synthetic`.
    public let dataset: String
    /// The epochs of each training.
    public let epochs: Int
    /// The trainings per settings.
    public let repeats: Int
    /// The results, in the order of the settings.
    public let runs: [TrainRate]
}

/// The speed of the trainings with one of the settings.
public struct TrainRate: Codable, Sendable {
    /// The settings.
    public let settings: TrainSettings
    /// Training examples a second, without the tests at the ends of epochs.
    public let examplesPerSecond: Spread
    /// The seconds from the command to the first step.
    public let secondsToFirstStep: Spread
    /// The peak memory of a worker in bytes; nil if it ended too soon to be measured.
    public let workerPeakBytes: Int?
    /// The peak memory of the coordinator in bytes.
    public let coordinatorPeakBytes: Int?
}

/// Measures whole trainings, each in its own `tern train` process.
public struct TrainBenchmark: Sendable {
    /// The path of the program.
    public var executable: String
    /// The settings to measure.
    public var settings: [TrainSettings]
    /// The epochs of each training.
    public var epochs: Int
    /// The trainings per settings.
    public var repeats: Int
    /// The folder of the data set; nil to search for MNIST, or else to use synthetic images.
    public var data: String?

    /// A benchmark of these settings.
    public init(
        executable: String, settings: [TrainSettings], epochs: Int, repeats: Int, data: String?
    ) {
        self.executable = executable
        self.settings = settings
        self.epochs = epochs
        self.repeats = repeats
        self.data = data
    }

    /// Runs the benchmark, alternating between all settings.
    ///
    /// - Parameters:
    ///   - folder: the folder for data and runs; the caller removes it.
    ///   - signals: the signals that end the measurement.
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

    /// The data set's name and folder.
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
