import KernelInterface

/// The form of a network: everything that decides its parameters and its computation.
public struct Architecture: Codable, Sendable, Hashable {
    /// The pixel rows of an image.
    public var imageRows: Int
    /// The pixel columns of an image.
    public var imageColumns: Int
    /// The type of the pixels, or of another sequence's values.
    public var element: ElementType
    /// The channels of each convolution before the recurrent layers; empty without convolutions.
    public var convolutions: [Int]
    /// How an image is read as a sequence.
    public var sequence: SequenceOrder
    /// The kind of recurrent cell.
    public var cell: Cell
    /// What the plain RNN cell applies to its preactivations.
    public var nonlinearity: Nonlinearity
    /// The size of a layer's hidden state, in each direction.
    public var hiddenSize: Int
    /// The number of recurrent layers; each reads the outputs of the one below.
    public var layers: Int
    /// Whether each layer also reads the sequence from its end (Schuster and Paliwal 1997).
    public var isBidirectional: Bool
    /// The fraction of a layer's outputs that training drops before the layer above, 0 to 1.
    public var dropout: Double
    /// Which outputs the classes are read from.
    public var readout: Readout
    /// The number of classes.
    public var classes: Int

    /// A network for images of `imageRows` x `imageColumns`.
    public init(
        cell: Cell = .rnn, nonlinearity: Nonlinearity = .tanh, imageRows: Int, imageColumns: Int,
        element: ElementType = .uint8, convolutions: [Int] = [], sequence: SequenceOrder = .rows,
        hiddenSize: Int,
        layers: Int, isBidirectional: Bool = false, dropout: Double = 0, readout: Readout = .last,
        classes: Int
    ) {
        self.imageRows = imageRows
        self.imageColumns = imageColumns
        self.element = element
        self.convolutions = convolutions
        self.sequence = sequence
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.isBidirectional = isBidirectional
        self.dropout = dropout
        self.readout = readout
        self.classes = classes
        precondition(isPossible, "an architecture of impossible sizes: \(self)")
    }

    /// Decodes an architecture and rejects sizes that no network could have.
    ///
    /// Files and messages are untrusted: a size of 2^60 must not reach an allocation.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        imageRows = try values.decode(Int.self, forKey: .imageRows)
        imageColumns = try values.decode(Int.self, forKey: .imageColumns)
        element = try values.decodeIfPresent(ElementType.self, forKey: .element) ?? .uint8
        convolutions = try values.decode([Int].self, forKey: .convolutions)
        sequence = try values.decode(SequenceOrder.self, forKey: .sequence)
        cell = try values.decode(Cell.self, forKey: .cell)
        nonlinearity = try values.decode(Nonlinearity.self, forKey: .nonlinearity)
        hiddenSize = try values.decode(Int.self, forKey: .hiddenSize)
        layers = try values.decode(Int.self, forKey: .layers)
        isBidirectional = try values.decode(Bool.self, forKey: .isBidirectional)
        dropout = try values.decode(Double.self, forKey: .dropout)
        readout = try values.decode(Readout.self, forKey: .readout)
        classes = try values.decode(Int.self, forKey: .classes)
        guard isPossible else {
            throw DecodingError.dataCorruptedError(
                forKey: .hiddenSize, in: values, debugDescription: "impossible sizes")
        }
    }

    /// The possible pixel rows and pixel columns.
    public static let imageSides = 1...16_384
    /// The possible numbers of time steps; a pass keeps the states of each.
    public static let timeStepCounts = 1...16_384
    /// The possible sizes of a hidden state.
    public static let hiddenSizes = 1...8_192
    /// The possible numbers of layers.
    public static let layerCounts = 1...64
    /// The possible channels of a convolution.
    public static let channelCounts = 1...4_096
    /// The possible numbers of classes.
    public static let classCounts = 2...256

    private var isPossible: Bool {
        Self.imageSides.contains(imageRows) && Self.imageSides.contains(imageColumns)
            && Self.hiddenSizes.contains(hiddenSize) && Self.layerCounts.contains(layers)
            && (0..<1).contains(dropout) && Self.classCounts.contains(classes)
            && convolutions.allSatisfy(Self.channelCounts.contains)
            && (convolutions.isEmpty || sequence == .rows && mapRows > 0 && mapColumns > 0)
            && Self.timeStepCounts.contains(timeSteps)
    }

    /// The rows of the last convolution's maps; each convolution halves them.
    private var mapRows: Int { imageRows >> convolutions.count }

    /// The columns of the last convolution's maps.
    private var mapColumns: Int { imageColumns >> convolutions.count }

    /// The values of one example.
    public var exampleSize: Int { imageRows * imageColumns }

    /// The bytes of one example.
    public var exampleByteCount: Int { exampleSize * element.size }

    /// The time steps of one example.
    public var timeSteps: Int {
        sequence.timeSteps(rows: mapRows, columns: imageColumns)
    }

    /// The values of one time step.
    public var inputSize: Int {
        convolutions.last.map { $0 * mapColumns } ?? exampleSize / timeSteps
    }

    /// About how many additions and multiplications a training step takes per example.
    ///
    /// Each parameter takes one product per time step, or per pixel, in the forward pass and two in
    /// the backward pass.
    public var operations: Double {
        let uses = convolutions.isEmpty ? timeSteps : exampleSize
        return 6 * Double(uses) * Double(ParameterLayout(self).count)
    }

    /// The least memory, in bytes, of a network with room for `capacity` examples.
    ///
    /// It holds the weights once for the forward and once for the backward pass, the inputs, and the
    /// states of all time steps.
    public func leastByteCount(capacity: Int) -> Int {
        let states = timeSteps * layers * directions * hiddenSize * (cell.gates + 2)
        return 4 * (2 * ParameterLayout(self).count + capacity * (exampleSize + states))
    }

    /// The directions in which a layer reads its sequence.
    public var directions: Int { isBidirectional ? 2 : 1 }

    /// The widths of the sequences that a recurrent layer reads side by side.
    package func inputWidths(ofLayer layer: Int) -> [Int] {
        layer == 0 ? [inputSize] : Array(repeating: hiddenSize, count: directions)
    }

    /// The time steps whose hidden states are read or lead to one that is.
    ///
    /// If the classes are read from the last time step, the last layer's reverse direction, which
    /// begins there, needs no other.
    package func timesInUse(ofLayer layer: Int, isReverse: Bool) -> Range<Int> {
        let isReadAtEnd = layer == layers - 1 && readout == .last
        return isReadAtEnd && isReverse ? timeSteps - 1..<timeSteps : 0..<timeSteps
    }
}

/// The kinds of recurrent cell.
public enum Cell: String, Codable, Sendable, CaseIterable {
    /// The plain recurrent cell (Elman 1990).
    case rnn
    /// Long short-term memory (Hochreiter and Schmidhuber 1997).
    case lstm
    /// The gated recurrent unit (Cho and others 2014).
    case gru

    /// The number of preactivations per hidden value.
    public var gates: Int {
        switch self {
        case .rnn: 1
        case .lstm: 4
        case .gru: 3
        }
    }

    /// The first gate whose preactivations of input and hidden state stay separate.
    package var firstSeparateGate: Int { self == .gru ? 2 : gates }
}

/// What a plain RNN cell applies to its preactivations.
public enum Nonlinearity: String, Codable, Sendable, CaseIterable {
    /// The hyperbolic tangent.
    case tanh
    /// The rectifier, max(0, x).
    case relu
}

/// How an image is read as a sequence; pixels one by one are the tasks of Le, Jaitly and Hinton (2015).
public enum SequenceOrder: String, Codable, Sendable, CaseIterable {
    /// One row per time step, from the top.
    case rows
    /// One column per time step, from the left.
    case columns
    /// One pixel per time step, row by row.
    case pixels
    /// One pixel per time step, in a fixed random order that is the same for all runs.
    case permuted

    /// The time steps of an image.
    public func timeSteps(rows: Int, columns: Int) -> Int {
        switch self {
        case .rows: rows
        case .columns: columns
        case .pixels, .permuted: rows * columns
        }
    }
}

/// Which outputs of the last layer the classes are read from.
public enum Readout: String, Codable, Sendable, CaseIterable {
    /// Those of the last time step, as PyTorch's `out[:, -1, :]`.
    case last
    /// The mean over all time steps.
    case mean
}
