import Datasets
import Kernels
import NeuralNetwork
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

    /// The tally of all examples under the given parameters.
    ///
    /// The losses are added up one by one, so the sum does not depend on the lanes.
    public func evaluate(_ parameters: FloatBuffer) async -> Tally {
        let count = examples.count
        let parts = lanes.indices.map { lane in
            lane * count / lanes.count..<(lane + 1) * count / lanes.count
        }
        return await withTaskGroup(of: (Int, [ExampleLoss]).self) { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask {
                    (index, await lane.losses(of: parts[index], in: examples, parameters))
                }
            }
            var losses = [[ExampleLoss]](repeating: [], count: lanes.count)
            for await (index, part) in group { losses[index] = part }
            return Tally(losses.joined())
        }
    }

    /// Ends the lanes' threads.
    public func stop() async {
        for lane in lanes { await lane.thread.stop() }
    }
}

private actor EvaluationLane {
    nonisolated let thread: SocketThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let evaluator: Evaluator

    init(_ index: Int, _ architecture: Architecture, kernels: any KernelSet.Type) {
        thread = SocketThread(name: "tern-test-\(index)")
        evaluator = Evaluator(architecture, kernels: kernels)
    }

    func losses(
        of range: Range<Int>, in examples: ExampleSet, _ parameters: FloatBuffer
    ) -> [ExampleLoss] {
        parameters.withBytes { evaluator.load($0) }
        return evaluator.losses(of: range, in: examples)
    }
}
