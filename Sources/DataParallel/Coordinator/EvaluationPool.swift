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
        await Tally(parts: lanes.count) { index in
            let part = (0..<examples.count).part(index, of: lanes.count)
            return await lanes[index].losses(of: part, in: examples, parameters)
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
