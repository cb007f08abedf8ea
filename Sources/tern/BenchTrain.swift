import ArgumentParser
import Benchmarks
import Files
import Monitoring
import NeuralNetwork
import ZeroMQ

/// Measures whole trainings.
struct BenchTrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Measure whole trainings with several settings.",
        discussion: """
            Trains each combination of the settings in turns, each in its own tern train process. \
            Separate list items with commas: 1,2. Without MNIST, uses as many random images; these \
            take longer, because they have no blank margins.
            """)

    @Option(help: "Recurrent cells.")
    var cells = CommaSeparated(Cell.rnn)

    @Option(help: "Size of a layer's hidden state.")
    var hidden = CommaSeparated(128)

    @Option(help: "Recurrent layers.")
    var layers = 1

    @Flag(help: "Read the sequence in both directions.")
    var bidirectional = false

    @Option(help: "Global batch sizes.")
    var batchSize = CommaSeparated(128)

    @Option(help: "Worker processes.")
    var workers = CommaSeparated(1, 2)

    @Option(help: "Compute lanes (threads) of a worker.")
    var threads = CommaSeparated(1)

    @Option(
        help: ArgumentHelp(
            "The folder with the four IDX files. (default: MNIST, searched as in training)",
            valueName: "dir"))
    var data: String?

    @Option(help: "Epochs per training.")
    var epochs = 1

    @Option(name: .customLong("repeat"), help: "Trainings per combination.")
    var repeats = 1

    @OptionGroup
    var options: OutputOptions

    func validate() throws {
        try require("layers", layers, in: Architecture.layerCounts)
        try require("epochs", epochs, in: 1...1000)
        try require("repeat", repeats, in: 1...1000)
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let workers = command.workers.values.max() ?? 1
            let lanes = command.threads.values.max() ?? 1
            try ResourceNeed.ofTraining(
                workers: workers, lanes: lanes, isSupervised: true, isMonitored: false
            ).secure()
            let signals = try SignalSource()
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let settings = TrainSettings.combinations(
                cells: command.cells.values, hidden: command.hidden.values,
                layers: command.layers, bidirectional: command.bidirectional,
                batchSizes: command.batchSize.values, workers: command.workers.values,
                threads: command.threads.values)
            let benchmark = try TrainBenchmark(
                executable: OwnExecutable.path, settings: settings, epochs: command.epochs,
                repeats: command.repeats, data: command.data.map(Files.absolutePath))
            let rates = try await benchmark.run(folder: folder.path, signals: signals)
            try command.options.show(rates, hearing: signals) { command.text(rates) }
        }
    }

    private func text(_ rates: TrainRates) -> String {
        var table = TextTable(
            "cell", "hidden", "batch", "workers", "threads", "examples/s", "least", "greatest",
            "first step s", "worker MB", "coordinator MB")
        for run in rates.runs {
            let (settings, speed) = (run.settings, run.examplesPerSecond)
            func megabytes(_ bytes: Int?) -> String { number(bytes.map { Double($0) / 1e6 }, 0) }
            table.add(
                settings.cell.rawValue, "\(settings.hidden)", "\(settings.batchSize)",
                "\(settings.workers)", "\(settings.threads)", grouped(speed.median),
                grouped(speed.least), grouped(speed.greatest),
                fixed(run.secondsToFirstStep.median, 2), megabytes(run.workerPeakBytes),
                megabytes(run.coordinatorPeakBytes))
        }
        let directions = bidirectional ? ", bidirectional" : ""
        return """
            data set \(rates.dataset); layers \(layers)\(directions); epochs \(rates.epochs), trainings per combination \(rates.repeats)

            \(table.text)
            """
    }
}
