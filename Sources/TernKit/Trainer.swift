import Datasets
import Kernels
import NeuralNetwork
import Training

/// Trains in this process, on several lanes, to the bits that `tern train` ends with.
///
/// It follows the step of a distributed run without its messages: the lanes compute the partial sums
/// of their slots, one tree adds them up, one update follows.
public struct Trainer: Sendable {
    private let job: Job
    private let laneCount: Int

    /// Fits a configuration to a data set.
    ///
    /// - Parameters:
    ///   - lanes: the threads to compute on; by default one for each core. They change no bit.
    ///   - kernels: the name of a kernel set; by default the fastest that this processor can run.
    /// - Throws: ``ConfigurationError`` if configuration and data do not go together,
    ///   ``KernelSelectionError`` if there are no kernels for this processor.
    public init(
        _ configuration: TrainingConfiguration, _ dataset: Dataset, lanes: Int? = nil,
        kernels: String? = nil
    ) throws {
        job = try Job(configuration, dataset, kernels: Kernels.select(kernels))
        laneCount = min(max(1, lanes ?? Processors.allowed.count), configuration.shards)
    }

    /// Trains to the end.
    ///
    /// - Parameter onEpoch: told how the weights do at the end of each epoch.
    /// - Throws: ``TrainerError`` if the training diverges, `CancellationError` if its task is
    ///   cancelled.
    public func train(
        onEpoch: @Sendable (EpochReport) -> Void = { _ in }
    ) async throws -> ModelFile {
        let configuration = job.configuration
        var state = TrainingState(job, resuming: nil)
        var sums = PartialSums(
            job.plan, parameterCount: state.parameters.count, kernels: job.kernels)
        let lanes = (0..<laneCount).map { Lane($0, of: laneCount, job) }
        let clock = ContinuousClock()
        let start = clock.now
        for epoch in 1...configuration.epochs {
            let epochStart = clock.now
            for _ in 0..<job.plan.stepsPerEpoch { try await step(&state, &sums, lanes) }
            guard state.isFinite else { throw TrainerError.diverged(step: state.step) }
            let seconds = (clock.now - epochStart) / .seconds(1)
            let test = await evaluate(state.parameters, lanes)
            onEpoch(
                EpochReport(
                    epoch: epoch, epochs: configuration.epochs, step: state.step,
                    train: state.epochTally, test: test,
                    seconds: (clock.now - start) / .seconds(1),
                    examplesPerSecond: Double(job.plan.examples) / seconds))
            state.epochTally = Tally()
        }
        return ModelFile(
            architecture: job.architecture, dataset: job.dataset.name,
            configuration: configuration, parameters: state.parameters)
    }

    private func step(
        _ state: inout TrainingState, _ sums: inout PartialSums, _ lanes: [Lane]
    ) async throws {
        try Task.checkCancellation()
        let (step, parameters) = (state.step, state.parameters)
        sums.begin(step: step)
        var spare = sums.pool.takeAll()
        let partials = await withTaskGroup(of: [PartialSum].self) { group in
            for lane in lanes {
                let share = Array(spare.suffix(spare.count / lanes.count + 1))
                spare.removeLast(share.count)
                group.addTask { await lane.partialSums(parameters, step: step, spare: share) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        for partial in partials { sums.add(partial) }
        guard let sum = sums.takeRoot(), state.update(sum) else {
            throw TrainerError.diverged(step: step + 1)
        }
        sums.pool.give(sum.gradients)
    }

    private func evaluate(_ parameters: FloatBuffer, _ lanes: [Lane]) async -> Tally {
        await Tally(parts: lanes.count) { await lanes[$0].losses(parameters) }
    }
}

/// Why a training in a program came to no end.
public enum TrainerError: Error, CustomStringConvertible, Equatable {
    /// The loss, a gradient or a weight is no longer a finite number.
    case diverged(step: Int)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .diverged(let step):
            "the loss, a gradient or a weight is no longer a finite number at step \(step): lower "
                + "learningRate or clipNorm"
        }
    }
}
