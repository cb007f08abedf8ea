import DataParallel
import Datasets
import Kernels
import NeuralNetwork
import Protocol
import Reduction
import RunEvents
import Settings
import Training

/// A tiny network for tests that do not compute with it.
let sampleArchitecture = Architecture(
    imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)

/// A job with a plan, on identical examples.
func sampleJob(_ plan: BatchPlan) -> Job {
    func examples(_ count: Int) -> ExampleSet {
        ExampleSet(
            ExampleShape(rows: 2, columns: 2), values: Array(repeating: 9, count: 4 * count),
            labels: (0..<count).map { UInt8($0 % 2) })
    }
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.shards) = (plan.batchSize, plan.shards)
    (configuration.hidden, configuration.epochs) = (8, 10_000)
    do {
        let data = try Dataset(train: examples(plan.examples), test: examples(2))
        let job = try Job(configuration, data, kernels: Kernels.select(nil))
        precondition(job.plan == plan, "the plan fits its examples")
        return job
    } catch {
        preconditionFailure("a sample job fits its data: \(error)")
    }
}

/// A coordinator's machine that waits for workers.
func waitingMachine(
    minimumWorkers: Int, workersToBegin: Int? = nil, audit: Double = 0
) -> CoordinatorMachine<String> {
    let plan = BatchPlan(examples: 64, batchSize: 16, shards: 8)
    var settings = CoordinatorSettings(
        welcome: Welcome(sampleArchitecture, plan: plan, seed: 0, labelSmoothing: 0),
        epochs: 1, workersToBegin: workersToBegin, minimumWorkers: minimumWorkers,
        checkpointEvery: 0, joinTimeout: .seconds(9))
    settings.audit = audit
    return CoordinatorMachine(plan: plan, settings: settings, step: 0)
}

/// A report of an update.
func sampleReport(step: Int) -> StepReport {
    StepReport(
        epoch: 1, epochs: 1, stepInEpoch: step, stepsPerEpoch: 1, step: step, tally: Tally(),
        learningRate: 0, seconds: 0, positions: 0..<0, weights: .none)
}

/// The nodes whose sums a worker sends for a range of slots: as few as the tree allows.
func maximalNodes(in slots: Range<Int>, of plan: BatchPlan, step: Int) -> [TreeNode] {
    var nodes: Set<TreeNode> = []
    for slot in slots {
        var node = TreeNode(leafAtSlot: slot, shards: plan.shards)
        guard plan.examples(under: node, step: step) > 0 else { continue }
        while let parent = node.parent, let sibling = node.sibling {
            guard
                nodes.remove(sibling) != nil
                    || plan.examples(under: sibling, step: step) == 0
            else { break }
            node = parent
        }
        nodes.insert(node)
    }
    return nodes.sorted {
        $0.slots(of: plan.shards).lowerBound < $1.slots(of: plan.shards).lowerBound
    }
}
