import KernelInterface
import NeuralNetwork

/// The settings that a `state_dict` does not determine; those left out have defaults.
public struct StateDictSettings: Sendable, Equatable {
    /// The pixel rows of an image; 28 if neither this nor the tensors give it.
    public var imageRows: Int?
    /// The pixel columns of an image; 28 if neither this nor the tensors give it.
    public var imageColumns: Int?
    /// The type of an example's values; bytes by default.
    public var element: ElementType?
    /// How an image is read as a sequence; by rows by default.
    public var sequence: SequenceOrder?
    /// The nonlinearity of the plain RNN cell; tanh by default.
    public var nonlinearity: Nonlinearity?
    /// The outputs that the classifier reads; the last by default.
    public var readout: Readout?

    /// All defaults.
    public init() {}

    /// The settings of an expected network.
    public init(_ architecture: Architecture) {
        imageRows = architecture.imageRows
        imageColumns = architecture.imageColumns
        element = architecture.element
        sequence = architecture.sequence
        nonlinearity = architecture.nonlinearity
        readout = architecture.readout
    }
}
