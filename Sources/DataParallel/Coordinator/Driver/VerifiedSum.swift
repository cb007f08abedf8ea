import Kernels
import Protocol
import Reduction

/// A partial sum whose gradients match its header's checksum; the reduction accepts no other form.
package struct VerifiedSum<Frame: PayloadFrame>: Sendable {
    /// The sender's description of it.
    package let header: PartialSumHeader
    /// The gradients.
    package let gradients: Frame
    /// Whether the loss and all gradients are finite.
    package let isFinite: Bool

    /// Verifies a received sum.
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

    /// Its contribution to the tally of its step.
    package var tally: Tally {
        Tally(examples: header.examples, correct: header.correct, loss: header.loss)
    }
}
