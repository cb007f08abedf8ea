import Datasets
import Kernels
import NeuralNetwork
import Training
import ZeroMQ

/// Tests weights on all cores of the coordinator's machine while the workers wait.
public struct EvaluationPool: Sendable {
    private let lanes: [EvaluationLane]
    private let images: ImageSet

    /// A pool of `threads` lanes that test on `images`.
    public init(
        _ architecture: Architecture, images: ImageSet, threads: Int, kernels: any KernelSet.Type
    ) {
        self.images = images
        lanes = (0..<threads).map { EvaluationLane($0, architecture, kernels: kernels) }
    }

    /// The tally of all images under the given parameters.
    ///
    /// The losses are added up image by image, so the sum does not depend on the lanes.
    public func evaluate(_ parameters: FloatBuffer) async -> Tally {
        let count = images.count
        let parts = lanes.indices.map { lane in
            lane * count / lanes.count..<(lane + 1) * count / lanes.count
        }
        return await withTaskGroup(of: (Int, [ExampleLoss]).self) { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask {
                    (index, await lane.losses(of: parts[index], in: images, parameters))
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
        of range: Range<Int>, in images: ImageSet, _ parameters: FloatBuffer
    ) -> [ExampleLoss] {
        parameters.withBytes { evaluator.load($0) }
        return evaluator.losses(of: range, in: images)
    }
}
