import NeuralNetwork

/// What tells the trainings of one measurement apart.
public struct TrainSettings: Codable, Sendable, Equatable {
    /// The recurrent cell.
    public var cell: Cell
    /// The values of a layer's hidden state.
    public var hidden: Int
    /// The recurrent layers.
    public var layers = 1
    /// Whether each layer also reads the sequence from its end.
    public var bidirectional = false
    /// The examples of a step.
    public var batchSize: Int
    /// The worker processes.
    public var workers: Int
    /// The lanes of a worker.
    public var threads: Int

    /// All combinations of the values, the last setting changing first.
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
    /// The options of `tern train` that ask for these settings.
    package var arguments: [String] {
        [
            "--cell", cell.rawValue, "--hidden", "\(hidden)", "--layers", "\(layers)",
            "--batch-size", "\(batchSize)", "--workers", "\(workers)", "--threads", "\(threads)",
        ] + (bidirectional ? ["--bidirectional"] : [])
    }
}
