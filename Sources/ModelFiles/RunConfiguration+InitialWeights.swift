import Files
import Hashing
import Kernels
import NeuralNetwork
import Settings

extension RunConfiguration {
    /// Notes the SHA-256 of the file of initial weights, unless it is known already.
    ///
    /// After this the file's content decides the weights, not its path.
    public mutating func settleInitialWeights() throws(FileError) {
        guard let path = initialWeightsFile, training.initialWeightsDigest == nil else { return }
        training.initialWeightsDigest = SHA256.hex(of: try Files.read(path))
    }

    /// The path of the file of initial weights: the absolute one, or else the path as given, which still
    /// works in a folder that was moved as a whole.
    private var initialWeightsFile: String? {
        let places = [initialWeightsPath, initialWeights].compactMap(\.self)
        return places.first(where: Files.exists)
            ?? (Set(places).count > 1 ? places.joined(separator: " or ") : places.first)
    }

    /// The parameters in the file of initial weights; nil if the run draws its own.
    ///
    /// - Throws: what ``initialModel(for:)`` throws.
    public func initialParameters(for architecture: Architecture) throws -> Snapshot? {
        try initialModel(for: architecture)?.parameters
    }

    /// The model in the file of initial weights; nil if the run draws its own.
    ///
    /// - Throws: ``FileError`` if it cannot be read, ``SafetensorsError`` if it is damaged or of a
    ///   network other than `architecture`.
    public func initialModel(for architecture: Architecture) throws -> ModelFile? {
        guard let path = initialWeightsFile else { return nil }
        let bytes = try Files.read(path)
        guard SHA256.hex(of: bytes) == training.initialWeightsDigest else {
            throw SafetensorsError(
                path, unfit: "it has changed since this run started",
                remedy: "restore the original file, or give this one with --initial-weights in a "
                    + "new run")
        }
        let model = try ModelFile(parsing: bytes, path: path, settings: .init(architecture))
        for (found, wanted) in zip(model.architecture.forms, architecture.forms)
        where found.value != wanted.value {
            throw SafetensorsError(
                path,
                unfit: "its \(found.name) is \(found.value), but the run's is \(wanted.value)",
                remedy: "train with the options that fit, or give other --initial-weights")
        }
        return model
    }
}

extension Architecture {
    /// The properties that must match for weights to mean the same: all but dropout.
    fileprivate var forms: [(name: String, value: String)] {
        [
            ("cell", cell.rawValue),
            ("nonlinearity", cell == .rnn ? nonlinearity.rawValue : "its own"),
            ("hidden size", "\(hiddenSize)"), ("number of layers", "\(layers)"),
            ("number of directions", "\(directions)"), ("readout", readout.rawValue),
            ("convolutions", "\(convolutions)"), ("sequence", sequence.rawValue),
            ("example shape", "\(exampleShape)"),
            ("number of classes", "\(classes)"),
        ]
    }
}
