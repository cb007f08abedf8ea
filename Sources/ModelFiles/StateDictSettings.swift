import KernelInterface
import NeuralNetwork

/// What a `state_dict` does not tell about its network; what is left out has a default.
public struct StateDictSettings: Sendable, Equatable {
    /// The pixel rows of an image; 28 where neither this nor the tensors tell.
    public var imageRows: Int?
    /// The pixel columns of an image; 28 where neither this nor the tensors tell.
    public var imageColumns: Int?
    /// The type of an example's values; bytes where nothing is said.
    public var element: ElementType?
    /// How an image is read as a sequence; by rows where nothing is said.
    public var sequence: SequenceOrder?
    /// What the plain RNN cell applies to its sums; tanh where nothing is said.
    public var nonlinearity: Nonlinearity?
    /// Which outputs the classes are read from; the last where nothing is said.
    public var readout: Readout?

    /// Nothing but defaults.
    public init() {}

    /// The settings of a network that the tensors should be of.
    public init(_ architecture: Architecture) {
        imageRows = architecture.imageRows
        imageColumns = architecture.imageColumns
        element = architecture.element
        sequence = architecture.sequence
        nonlinearity = architecture.nonlinearity
        readout = architecture.readout
    }
}
