import Datasets
import Kernels
import NeuralNetwork
import Training

/// The time of the parts of one lane's step.
public struct StepTimes: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The number of examples in the lane's step.
    public let rows: Int
    /// The number of measured steps.
    public let steps: Int
    /// The parts of the step, in order.
    public let phases: [PhaseTime]
    /// The sum of all parts, in microseconds.
    public let sumMicroseconds: Double
    /// The whole step as in training, in microseconds.
    public let wholeMicroseconds: Double
    /// Billions of floating-point operations a second in the products of the whole step.
    public let wholeGflops: Double
}

/// The time of one part of a step.
public struct PhaseTime: Codable, Sendable {
    /// The part's name.
    public let name: String
    /// The median time, in microseconds.
    public let microseconds: Double
    /// The fraction of the sum of all parts, 0 to 1.
    public let share: Double
    /// Billions of floating-point operations a second; nil for parts without products or sums.
    public let gflops: Double?
}

/// Measures one lane's step part by part, alternating with the whole step.
public struct StepBenchmark: Sendable {
    /// The network's form.
    public var architecture: Architecture
    /// The number of examples in the lane's step, in 8 shards; a shard's examples must fit a piece.
    public var rows: Int
    /// The seconds to measure for.
    public var seconds: Double

    /// The supported numbers of rows.
    public static let rowCounts = 1...8 * Wave.rowsOfPiece

    /// The names of the parts: loading the weights, then those of a ``StepPhase``.
    private static let phases = [
        "weights", "convert", "forward", "loss", "backward", "parameter gradients", "reduce",
    ]

    /// A benchmark of a network's step.
    public init(_ architecture: Architecture, rows: Int, seconds: Double) {
        precondition(Self.rowCounts.contains(rows), "\(rows) rows are too many for 8 shards")
        self.architecture = architecture
        self.rows = rows
        self.seconds = seconds
    }

    /// Measures on the calling thread; each time is the median of all steps.
    public func run(_ kernels: any KernelSet.Type) -> StepTimes {
        let lane = MeasuredLane(architecture, rows: rows, kernels: kernels)
        var parts: [[Double]] = []
        var wholes: [Double] = []
        // Warms up caches and pools with a step that is not counted.
        _ = lane.stepInParts()
        _ = lane.wholeStep()
        let start = ContinuousClock.now
        repeat {
            parts.append(lane.stepInParts().map(\.microseconds))
            wholes.append(lane.wholeStep().microseconds)
        } while (ContinuousClock.now - start).seconds < seconds
        return summarize(parts, wholes, sums: lane.additions, kernels)
    }

    private func summarize(
        _ parts: [[Double]], _ wholes: [Double], sums: Int?, _ kernels: any KernelSet.Type
    ) -> StepTimes {
        let operations = StepOperations(architecture, rows: rows)
        let counts = [
            nil, nil, operations.forward, nil, operations.backward, operations.parameterGradients,
            sums.flatMap { $0 > 0 ? $0 : nil },
        ]
        let medians = Self.phases.indices.map { phase in
            Spread(parts.map { $0[phase] }).median
        }
        let sum = medians.reduce(0, +)
        let whole = Spread(wholes).median
        func gflops(_ operations: Int, _ microseconds: Double) -> Double? {
            microseconds > 0 ? Double(operations) / microseconds / 1000 : nil
        }
        let phases = zip(Self.phases, zip(medians, counts)).map { name, numbers in
            PhaseTime(
                name: name, microseconds: numbers.0, share: numbers.0 / sum,
                gflops: numbers.1.flatMap { gflops($0, numbers.0) })
        }
        return StepTimes(
            kernels: kernels.name, rows: rows, steps: wholes.count, phases: phases,
            sumMicroseconds: sum, wholeMicroseconds: whole,
            wholeGflops: gflops(operations.total, whole) ?? 0)
    }
}
