import NeuralNetwork
import Protocol

/// Checks the payloads of a coordinator's messages against the run.
struct ExpectedPayload {
    /// The number of weights; 0 before a run is known.
    private(set) var parameterCount = 0
    /// The bytes of an example.
    private(set) var exampleByteCount = 0
    private var classes = 0

    /// Before a run is known, when no payload is valid.
    init() {}

    /// For a run with this network.
    init(_ architecture: Architecture) {
        parameterCount = ParameterLayout(architecture).count
        exampleByteCount = architecture.exampleByteCount
        classes = architecture.classes
    }

    /// Checks payload frames against their header.
    ///
    /// - Throws: ``ProtocolError`` for a wrong size or checksum, or labels that are not classes.
    func check<Frame: PayloadFrame>(
        _ payload: ArraySlice<Frame>, of message: CoordinatorMessage
    ) throws(ProtocolError) {
        switch message {
        case .weights(let work):
            guard let weights = payload.first, weights.byteCount == 4 * parameterCount,
                weights.checksum == work.checksum
            else { throw .wrongPayload("weights with a wrong size or checksum") }
        case .shardPart(let part):
            guard let values = payload.first, let labels = payload.last,
                labels.byteCount == part.count,
                values.byteCount == labels.byteCount * exampleByteCount,
                labels.bytes.allSatisfy({ $0 < classes })
            else { throw .wrongPayload("examples with a wrong size, or labels out of range") }
        default: break
        }
    }
}
