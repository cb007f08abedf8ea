import NeuralNetwork

/// The settings that differ between the trainings of a benchmark.
public struct TrainSettings: Codable, Sendable, Equatable {
    /// The recurrent cell.
    public var cell: Cell
    /// The size of a layer's hidden state.
    public var hidden: Int
    /// The number of recurrent layers.
    public var layers = 1
    /// Whether each layer also reads the sequence backwards.
    public var bidirectional = false
    /// The batch size.
    public var batchSize: Int
    /// The number of worker processes.
    public var workers: Int
    /// The lanes per worker.
    public var threads: Int

    /// All combinations of the values; the last setting varies fastest.
    public static func combinations(
        cells: [Cell], hidden: [Int], layers: Int = 1, bidirectional: Bool = false,
        batchSizes: [Int], workers: [Int], threads: [Int]
    ) -> [TrainSettings] {
        cells.flatMap { cell in
            hidden.flatMap { hidden in
                batchSizes.flatMap { batchSize in
                    workers.flatMap { workers in
                        threads.map { threads in
                            TrainSettings(
                                cell: cell, hidden: hidden, layers: layers,
                                bidirectional: bidirectional, batchSize: batchSize,
                                workers: workers, threads: threads)
                        }
                    }
                }
            }
        }
    }
}

extension TrainSettings {
    /// The options of `tern train` for these settings.
    package var arguments: [String] {
        [
            "--cell", cell.rawValue, "--hidden", "\(hidden)", "--layers", "\(layers)",
            "--batch-size", "\(batchSize)", "--workers", "\(workers)", "--threads", "\(threads)",
        ] + (bidirectional ? ["--bidirectional"] : [])
    }
}
