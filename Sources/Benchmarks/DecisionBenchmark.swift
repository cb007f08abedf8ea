import DataParallel

/// The duration of a coordinator's decisions, without sockets, weights or sums.
public struct DecisionTimes: Codable, Sendable {
    /// The steps per measurement.
    public let steps: Int
    /// The measurements for each number of workers.
    public let repeats: Int
    /// The measurements, one for each number of workers.
    public let runs: [Run]

    /// The duration with one number of workers.
    public struct Run: Codable, Sendable {
        /// The number of workers.
        public let workers: Int
        /// The number of shards.
        public let shards: Int
        /// The sums of a step.
        public let sums: Int
        /// The time to take all sums of a step and begin the next one, in microseconds.
        public let stepMicroseconds: Spread
    }
}

/// Measures a coordinator's decisions alone.
public struct DecisionBenchmark: Sendable {
    /// The numbers of workers.
    public var workers: [Int]
    /// The steps per measurement.
    public var steps: Int
    /// The measurements for each number of workers.
    public var repeats: Int

    /// The supported numbers of workers.
    public static let workerCounts = 1...4096

    /// A benchmark with these sizes.
    public init(workers: [Int], steps: Int, repeats: Int) {
        precondition(workers.allSatisfy(Self.workerCounts.contains))
        self.workers = workers
        self.steps = steps
        self.repeats = repeats
    }

    /// Runs the benchmark.
    public func run() -> DecisionTimes {
        let runs = workers.map { workers in
            let shards = smallestPowerOfTwo(from: workers)
            var rounds = DecisionRounds(workers: workers, shards: shards)
            let times = (0..<repeats).map { _ in
                let start = ContinuousClock.now
                for _ in 0..<steps { rounds.makeStep() }
                return (ContinuousClock.now - start).microseconds / Double(steps)
            }
            return DecisionTimes.Run(
                workers: workers, shards: shards, sums: rounds.sumCount,
                stepMicroseconds: Spread(times))
        }
        return DecisionTimes(steps: steps, repeats: repeats, runs: runs)
    }
}
