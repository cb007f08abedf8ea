import Datasets
import Kernels
import NeuralNetwork
import Training

/// Where the time of one lane's step goes.
public struct StepTimes: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The examples of the lane's step.
    public let rows: Int
    /// The steps that were measured.
    public let steps: Int
    /// The parts of the step, in their order.
    public let phases: [PhaseTime]
    /// All parts together, in microseconds.
    public let sumMicroseconds: Double
    /// The step as training makes it, in microseconds.
    public let wholeMicroseconds: Double
    /// Billions of floating-point operations a second of the whole step's products.
    public let wholeGflops: Double
}

/// The time of one part of a step.
public struct PhaseTime: Codable, Sendable {
    /// What is done.
    public let name: String
    /// The median time, in microseconds.
    public let microseconds: Double
    /// The share of the parts' sum, 0 to 1.
    public let share: Double
    /// Billions of floating-point operations a second; nil where there are no products or sums.
    public let gflops: Double?
}

/// Measures one lane's step part by part, and in turns as a whole.
public struct StepBenchmark: Sendable {
    /// The network's form.
    public var architecture: Architecture
    /// The examples of the lane's step, in 8 shards; those of a shard fit a pass.
    public var rows: Int
    /// The seconds to measure for.
    public var seconds: Double

    /// The rows that a step can have.
    public static let rowCounts = 1...8 * ShardGradients.rowsPerPass

    /// The measurement of a network's step.
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
        // The first step fills caches and pools, and is not counted.
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
        _ parts: [[Double]], _ wholes: [Double], sums: Int, _ kernels: any KernelSet.Type
    ) -> StepTimes {
        let operations = StepOperations(architecture, rows: rows)
        let counts = [
            nil, nil, operations.forward, nil, operations.backward, operations.parameterGradients,
            sums > 0 ? sums : nil,
        ]
        let medians = MeasuredLane.phases.indices.map { phase in
            Spread(parts.map { $0[phase] }).median
        }
        let sum = medians.reduce(0, +)
        let whole = Spread(wholes).median
        func gflops(_ operations: Int, _ microseconds: Double) -> Double? {
            microseconds > 0 ? Double(operations) / microseconds / 1000 : nil
        }
        let phases = zip(MeasuredLane.phases, zip(medians, counts)).map { name, numbers in
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
