/// The form of a network: what decides its parameters and what it computes.
public struct Architecture: Codable, Sendable, Hashable {
    /// The kind of recurrent cell.
    public var cell: Cell
    /// What the plain RNN cell applies to its sums.
    public var nonlinearity: Nonlinearity
    /// The values of one time step (an image's columns).
    public var inputSize: Int
    /// The time steps of one example (an image's rows).
    public var timeSteps: Int
    /// The values of a layer's hidden state.
    public var hiddenSize: Int
    /// The recurrent layers, each fed with the outputs of the one below.
    public var layers: Int
    /// The classes to tell apart.
    public var classes: Int

    /// Makes an architecture; all sizes must be positive.
    public init(
        cell: Cell = .rnn, nonlinearity: Nonlinearity = .tanh, inputSize: Int, timeSteps: Int,
        hiddenSize: Int, layers: Int, classes: Int
    ) {
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.inputSize = inputSize
        self.timeSteps = timeSteps
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.classes = classes
        precondition(isPossible, "an architecture of impossible sizes: \(self)")
    }

    /// Reads an architecture and refuses sizes that no network could have.
    ///
    /// Files and messages are not to be trusted: a size of 2^60 must not reach an allocation.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        cell = try values.decode(Cell.self, forKey: .cell)
        nonlinearity = try values.decode(Nonlinearity.self, forKey: .nonlinearity)
        inputSize = try values.decode(Int.self, forKey: .inputSize)
        timeSteps = try values.decode(Int.self, forKey: .timeSteps)
        hiddenSize = try values.decode(Int.self, forKey: .hiddenSize)
        layers = try values.decode(Int.self, forKey: .layers)
        classes = try values.decode(Int.self, forKey: .classes)
        guard isPossible else {
            throw DecodingError.dataCorruptedError(
                forKey: .hiddenSize, in: values, debugDescription: "impossible sizes")
        }
    }

    private var isPossible: Bool {
        (1...65_536).contains(inputSize) && (1...65_536).contains(timeSteps)
            && (1...8_192).contains(hiddenSize) && (1...64).contains(layers)
            && (2...256).contains(classes)
    }

    /// The values of one example.
    public var exampleSize: Int { timeSteps * inputSize }

    /// The values that a recurrent layer reads at one time step.
    func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? inputSize : hiddenSize }
}

/// The kinds of recurrent cell.
public enum Cell: String, Codable, Sendable, CaseIterable {
    /// The plain recurrent cell of Elman (1990).
    case rnn
}

/// What a plain RNN cell applies to its sums.
public enum Nonlinearity: String, Codable, Sendable, CaseIterable {
    /// The hyperbolic tangent.
    case tanh
    /// The rectifier, max(0, x).
    case relu
}
