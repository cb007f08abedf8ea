import Datasets
import Kernels
import ModelFiles
import NeuralNetwork
import Reduction
import Settings
import Training

/// A run of a few examples, whose checkpoints, coordinator and workers are fuzzed.
let fuzzedJob: Job = {
    var configuration = TrainingConfiguration()
    (configuration.hidden, configuration.shards) = (2, 8)
    (configuration.batchSize, configuration.epochs) = (6, 3)
    func examples(_ count: Int) -> ExampleSet {
        ExampleSet(
            ExampleShape(rows: 2, columns: 2), values: Array(repeating: 9, count: 4 * count),
            labels: (0..<count).map { UInt8($0 % 2) })
    }
    guard let dataset = try? Dataset(train: examples(21), test: examples(4)),
        let kernels = try? Kernels.select(nil),
        let job = try? Job(configuration, dataset, kernels: kernels)
    else { fatalError("the sample run cannot be carried out") }
    return job
}()

/// A checkpoint of the run after one step.
package let fuzzedCheckpoint: Checkpoint = {
    var state = TrainingState(fuzzedJob, resuming: nil)
    _ = makeStep(&state)
    return state.checkpoint(seconds: 1)
}()

private func makeStep(_ state: inout TrainingState) -> Tally {
    let tally = Tally(examples: 6, correct: 2, loss: 4)
    let gradients = FloatBuffer(Array(repeating: 0.5, count: state.parameters.count))
    precondition(
        state.update(PartialSum(node: .root, tally: tally, gradients: gradients)), "no update")
    return tally
}

/// Makes another step from a checkpoint of the sample run, whatever its numbers are.
func goOn(from checkpoint: Checkpoint) {
    guard checkpoint.architecture == fuzzedJob.architecture,
        checkpoint.configuration.updateRule == fuzzedJob.configuration.updateRule
    else { return }
    _ = checkpoint.fits(fuzzedJob)
    var state = TrainingState(fuzzedJob, resuming: checkpoint)
    let tally = makeStep(&state)
    let report = state.report(
        tally, learningRate: state.learningRate, seconds: checkpoint.seconds, weights: .none)
    precondition(report.step == checkpoint.step + 1, "a step of another number")
    precondition(Duration.seconds(checkpoint.seconds) >= .zero, "time runs backwards")
    _ = state.checkpoint(seconds: checkpoint.seconds)
    _ = fuzzedJob.plan.positions(ofStep: state.step)
}
