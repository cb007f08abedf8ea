import Kernels
import Protocol
import Reduction

/// A partial sum whose gradients are what its header says: the only form in which one comes in.
package struct VerifiedSum<Frame: PayloadFrame>: Sendable {
    /// What its sender says of it.
    package let header: PartialSumHeader
    /// The gradients.
    package let gradients: Frame
    /// Whether the loss and all gradients are finite.
    package let isFinite: Bool

    /// Verifies what has come.
    ///
    /// - Throws: ``ProtocolError`` if the gradients have a wrong size or checksum.
    package init(
        _ header: PartialSumHeader, _ payload: Frame?, parameterCount: Int,
        kernels: any KernelSet.Type
    ) throws(ProtocolError) {
        guard let payload, payload.byteCount == 4 * parameterCount,
            payload.checksum == header.checksum
        else { throw .wrongPayload("gradients with a wrong size or checksum") }
        self.header = header
        gradients = payload
        isFinite = header.loss.isFinite && payload.withBytes { kernels.isFinite(payload: $0) }
    }

    /// SHA-256 of the gradients.
    package var digest: PayloadDigest {
        gradients.withBytes { bytes in bytes.withUnsafeBytes { PayloadDigest($0) } }
    }

    /// What it adds to the tally of its step.
    package var tally: Tally {
        Tally(examples: header.examples, correct: header.correct, loss: header.loss)
    }
}
