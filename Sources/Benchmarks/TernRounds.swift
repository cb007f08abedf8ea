import DataParallel
import Datasets
import Files
import Kernels
import NeuralNetwork
import RunEvents
import RunFolder
import Settings
import Training
import ZeroMQ

/// Rounds of a real coordinator and workers.
///
/// The network computes almost nothing: one time step of one example per shard.
struct TernRounds {
    /// The number of parameters.
    let values: Int
    private let workers: Int
    private let rounds: Int
    private let job: Job
    private let folder: String

    /// Rounds with about `values` parameters.
    init(
        workers: Int, values: Int, rounds: Int, kernels: any KernelSet.Type, folder: String
    ) throws {
        self.workers = workers
        self.rounds = rounds
        self.folder = folder
        let form = RoundForm(values: values)
        var configuration = TrainingConfiguration()
        configuration.hidden = form.hidden
        configuration.epochs = 1
        configuration.shards = smallestPowerOfTwo(from: workers)
        configuration.batchSize = configuration.shards
        job = try Job(
            configuration, form.dataset(examples: rounds * configuration.shards), kernels: kernels)
        self.values = ParameterLayout(job.architecture).count
    }

    /// Trains to the end, and returns the microseconds of each round.
    func run(signals: SignalSource) async throws -> [Double] {
        let settings = CoordinatorSettings(
            welcome: .init(job.architecture, plan: job.plan, seed: 0, labelSmoothing: 0),
            epochs: 1, minimumWorkers: workers, checkpointEvery: 0, joinTimeout: nil)
        let evaluation = EvaluationPool(
            job.architecture, examples: job.dataset.test, threads: 1, kernels: job.kernels)
        let clock = RoundClock()
        let coordinator = Coordinator(
            job, settings: settings, resuming: nil,
            store: CheckpointStore(of: try Folder(folder)), evaluation: evaluation,
            observer: RoundObserver(clock: clock))
        let context = coordinator.makeContext()
        let endpoint = "ipc://\(folder)/coordinator"
        _ = try await coordinator.listen(endpoint, context: context)
        // Pins each lane to its own processor if there are enough, as local workers do.
        let processors = Processors.allowed
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                let place = workers <= processors.count ? [processors[worker]] : []
                group.addTask { try await Self.work(endpoint, on: place, kernels: job.kernels) }
            }
            let result = await coordinator.train(signals: signals)
            try await group.waitForAll()
            return result
        }
        await context.terminate()
        await coordinator.stop()
        await evaluation.stop()
        switch result.outcome {
        case .completed: return clock.microseconds
        case .interrupted(let signal): throw BenchmarkError.interrupted(signal: signal)
        default: throw BenchmarkError.roundsEnded("\(result.outcome)")
        }
    }

    private static func work(
        _ endpoint: String, on processors: [Int], kernels: any KernelSet.Type
    ) async throws {
        let worker = Worker(
            threads: 1, processors: processors, kernels: kernels,
            settings: .init(joinTimeout: nil)
        ) { _ in }
        let context = Context()
        _ = try await worker.run(endpoint, context: context, signals: nil, lifeline: nil)
        await context.terminate()
        await worker.stop()
    }
}

/// A network with a given number of parameters and a single time step.
package struct RoundForm: Equatable {
    /// The size of the hidden state.
    package let hidden: Int
    /// The size of an example.
    package let inputs: Int
    private static let classes = 2

    /// The form with the largest number of parameters up to `values`.
    package init(values: Int) {
        var hidden = 32
        // The remaining parameters are input weights, which must not make the examples too long.
        while (values - Self.parametersBesideInput(hidden)) / hidden > 8192 { hidden *= 2 }
        self.hidden = hidden
        inputs = max(1, (values - Self.parametersBesideInput(hidden)) / hidden)
    }

    /// The parameters other than input weights: hidden weights, two biases, and the readout.
    private static func parametersBesideInput(_ hidden: Int) -> Int {
        hidden * hidden + 2 * hidden + classes * (hidden + 1)
    }

    /// Black images of one row.
    package func dataset(examples: Int) throws -> Dataset {
        let shape = ExampleShape(rows: 1, columns: inputs)
        func set(_ count: Int) -> ExampleSet {
            ExampleSet(
                shape, values: [UInt8](repeating: 0, count: count * inputs),
                labels: (0..<count).map { UInt8($0 % Self.classes) })
        }
        return try Dataset(train: set(max(examples, 2)), test: set(2))
    }
}

/// The smallest power of two not below `count`.
package func smallestPowerOfTwo(from count: Int) -> Int {
    var power = 1
    while power < count { power *= 2 }
    return power
}

/// Records when rounds end.
private final class RoundClock: Sendable {
    private let ends = Locked<[ContinuousClock.Instant]>([])

    func note(_ instant: ContinuousClock.Instant) { ends.withLock { $0.append(instant) } }

    /// The times between the ends of successive rounds.
    var microseconds: [Double] {
        let ends = ends.withLock { $0 }
        return zip(ends.dropFirst(), ends).map { ($0 - $1).microseconds }
    }
}

private struct RoundObserver: RunObserver {
    let clock: RoundClock

    func record(_ event: RunEvent) {
        if case .step = event { clock.note(.now) }
    }

    func flush(then completion: @escaping @Sendable (FileError?) -> Void) { completion(nil) }

    var hasRoom: Bool { true }
}
