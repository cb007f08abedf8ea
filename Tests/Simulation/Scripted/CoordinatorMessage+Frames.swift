import DataParallel
import NeuralNetwork
import Protocol

extension CoordinatorMessage {
    /// The message's frames on the wire, with a payload of zeros that matches the header if possible.
    package func frames(run: RunID, for architecture: Architecture) -> [VirtualFrame] {
        func zeros(_ count: Int) -> VirtualFrame {
            VirtualFrame(Array(repeating: 0, count: max(0, min(count, 1 << 16))))
        }
        switch self {
        case .weights(var work):
            let weights = zeros(4 * ParameterLayout(architecture).count)
            work.checksum = weights.checksum
            return [VirtualFrame(Self.weights(work).header(run: run)), weights]
        case .shardPart(let part):
            let count = max(0, min(part.count, 1 << 10))
            return [
                VirtualFrame(header(run: run)), zeros(count * architecture.exampleByteCount),
                zeros(count),
            ]
        default: return [VirtualFrame(header(run: run))]
        }
    }
}
