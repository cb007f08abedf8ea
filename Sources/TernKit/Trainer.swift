import Datasets
import Kernels
import ModelFiles
import NeuralNetwork
import RunEvents
import Settings
import Training

/// Trains on several lanes of this process, with the same bits as `tern train`.
public struct Trainer: Sendable {
    private let job: Job
    private let lanes: Int?

    /// Makes a trainer for a configuration and a data set.
    ///
    /// - Parameters:
    ///   - configuration: the training settings.
    ///   - dataset: the training and test data.
    ///   - lanes: the number of threads; by default one per core. It changes no bit of the result.
    ///   - kernels: the name of a kernel set; by default the fastest for this processor.
    /// - Throws: `ConfigurationError` if the configuration does not fit the data,
    ///   `KernelSelectionError` if there are no kernels for this processor.
    public init(
        _ configuration: TrainingConfiguration, _ dataset: Dataset, lanes: Int? = nil,
        kernels: String? = nil
    ) throws {
        job = try Job(configuration, dataset, kernels: Kernels.select(kernels))
        self.lanes = lanes
    }

    /// Trains to the end and returns the model.
    ///
    /// - Parameter onEpoch: called with the results of each epoch.
    /// - Throws: ``TrainerError`` if the training diverges, `CancellationError` if its task is
    ///   cancelled.
    public func train(
        onEpoch: @Sendable (EpochReport) -> Void = { _ in }
    ) async throws -> ModelFile {
        let configuration = job.configuration
        var run = LocalRun(job, lanes: lanes)
        let clock = ContinuousClock()
        let start = clock.now
        for epoch in 1...configuration.epochs {
            let epochStart = clock.now
            for _ in 0..<job.plan.stepsPerEpoch { _ = try await run.step() }
            let test = await run.evaluate()
            guard run.state.isFinite, test.loss.isFinite else {
                throw TrainerError.diverged(step: run.state.step)
            }
            let seconds = (clock.now - epochStart) / .seconds(1)
            onEpoch(
                EpochReport(
                    epoch: epoch, epochs: configuration.epochs, step: run.state.step,
                    train: run.state.epochTally, test: test,
                    seconds: (clock.now - start) / .seconds(1),
                    examplesPerSecond: Double(job.plan.examples) / seconds))
        }
        var model = ModelFile(
            architecture: job.architecture, dataset: job.dataset.name,
            configuration: configuration, parameters: run.state.snapshot)
        model.dataDigest = job.dataDigest
        return model
    }
}

/// Why a training failed.
public enum TrainerError: Error, CustomStringConvertible, Equatable {
    /// The loss, the test loss, a gradient or a weight is no longer a finite number.
    case diverged(step: Int)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .diverged(let step):
            "the training diverged: the loss, a gradient or a weight is not a finite number at step "
                + "\(step); lower learningRate, or set clipNorm"
        }
    }
}
