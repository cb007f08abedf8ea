import DataParallel
import Protocol

extension WorkerMessage {
    /// The message's frames on the wire; a sum gets these gradients and their checksum.
    package func frames(run: RunID, gradients: [UInt8]) -> [VirtualFrame] {
        guard case .partialSum(var sum) = self else { return [VirtualFrame(header(run: run))] }
        let gradients = VirtualFrame(gradients)
        sum.checksum = gradients.checksum
        return [VirtualFrame(Self.partialSum(sum).header(run: run)), gradients]
    }
}
