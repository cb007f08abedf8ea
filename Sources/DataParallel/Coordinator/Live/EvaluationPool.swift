import Datasets
import KernelInterface
import Kernels
import NeuralNetwork
import Reduction
import RunEvents
import Training
import ZeroMQ

/// Tests weights on all cores of the coordinator's machine while the workers wait.
public struct EvaluationPool: Sendable {
    private let lanes: [EvaluationLane]
    private let examples: ExampleSet

    /// A pool of `threads` lanes that test on `examples`.
    public init(
        _ architecture: Architecture, examples: ExampleSet, threads: Int,
        kernels: any KernelSet.Type
    ) {
        self.examples = examples
        lanes = (0..<threads).map { EvaluationLane($0, architecture, kernels: kernels) }
    }

    /// The loss of each example under the given parameters, in their order.
    ///
    /// Results derived in that order do not depend on the number of lanes.
    package func losses(_ parameters: Snapshot) async -> [ExampleLoss] {
        await allLosses(parts: lanes.count) { index in
            let part = (0..<examples.count).part(index, of: lanes.count)
            return await lanes[index].losses(of: part, in: examples, parameters)
        }
    }

    /// The tally of all examples under the given parameters.
    public func evaluate(_ parameters: Snapshot) async -> Tally {
        Tally(await losses(parameters))
    }

    /// The tally of all examples under the given parameters, and details of the test.
    ///
    /// - Parameter classes: the number of classes.
    func test(_ parameters: Snapshot, classes: Int) async -> (Tally, TestDetail) {
        let losses = await losses(parameters)
        return (Tally(losses), TestDetail(losses, labels: examples.labels, classes: classes))
    }

    /// Ends the lanes' threads.
    public func stop() async {
        for lane in lanes { await lane.thread.stop() }
    }
}

private actor EvaluationLane {
    nonisolated let thread: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let evaluator: Evaluator

    init(_ index: Int, _ architecture: Architecture, kernels: any KernelSet.Type) {
        thread = EventLoop(name: "tern-test-\(index)")
        evaluator = Evaluator(architecture, kernels: kernels)
    }

    func losses(
        of range: Range<Int>, in examples: ExampleSet, _ parameters: Snapshot
    ) -> [ExampleLoss] {
        parameters.withBytes { evaluator.load($0) }
        return evaluator.losses(of: range, in: examples)
    }
}
