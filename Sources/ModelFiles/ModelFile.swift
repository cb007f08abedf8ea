import Bounds
import Datasets
import Files
import FoundationEssentials
import KernelInterface
import NeuralNetwork
import Settings

/// A trained network in a safetensors file that PyTorch's `load_state_dict` loads unchanged.
public struct ModelFile: Sendable {
    /// The network's architecture.
    public var architecture: Architecture
    /// The data set that it was trained on.
    public var dataset: String
    /// The digest of that data set; nil if it is unknown.
    public var dataDigest: String?
    /// The settings that it was trained with.
    public var configuration: TrainingConfiguration?
    /// The parameters.
    public var parameters: Snapshot
    /// Whether the architecture was inferred from the tensors, because the file does not name it.
    public private(set) var isInferred = false
    /// The number of steps made, if the file is a checkpoint.
    public private(set) var step: Int?
    /// The parts that PyTorch's wrappers added to the tensors' names, such as `module.`.
    public private(set) var wrappers: [String] = []
    /// The tensors' names in the file, by parameter name; nil if the two are equal and the file has no other tensors.
    public private(set) var namesInFile: [String: String]?

    /// Makes a model of trained parameters.
    public init(
        architecture: Architecture, dataset: String, configuration: TrainingConfiguration?,
        parameters: Snapshot
    ) {
        self.architecture = architecture
        self.dataset = dataset
        self.configuration = configuration
        self.parameters = parameters
    }

    /// The bytes of the file: the tensors under PyTorch's names, the settings in the metadata.
    public func encoded() -> [UInt8] {
        var file = Safetensors(metadata: [
            "format": "pt", "architecture": jsonText(architecture), "dataset": dataset,
            "nonlinearity": architecture.nonlinearity.rawValue,
            "readout": architecture.readout.rawValue,
        ])
        if let dataDigest { file.metadata["data_digest"] = dataDigest }
        if let configuration { file.metadata["configuration"] = jsonText(configuration) }
        file.append(parameters, layout: ParameterLayout(architecture))
        return file.encoded()
    }

    /// Writes the model atomically.
    public func write(to path: String) throws(FileError) {
        try Files.writeAtomically(encoded(), to: path)
    }

    /// Reads a model from the bytes of Tern's own file, a checkpoint, or a `state_dict` that PyTorch saved.
    ///
    /// - Parameter settings: what the tensors do not determine; used only if the file does not name it.
    public init(
        parsing bytes: [UInt8], path: String, settings: StateDictSettings = .init()
    ) throws(SafetensorsError) {
        var file = try Safetensors(parsing: bytes, path: path)
        if file.metadata[Checkpoint.recordKey] != nil {
            let checkpoint = try Checkpoint(parsing: bytes, path: path)
            architecture = checkpoint.architecture
            dataset = NamedDataset.name(ofDigest: checkpoint.dataDigest)
            dataDigest = checkpoint.dataDigest
            configuration = checkpoint.configuration
            parameters = checkpoint.parameters
            step = checkpoint.step
            // The file also holds the optimizer's state.
            let names = ParameterLayout(architecture).tensors.map(\.name)
            namesInFile = Dictionary(uniqueKeysWithValues: zip(names, names))
            try checkNumbers(ParameterLayout(architecture), path)
            return
        }
        if let text = file.metadata["architecture"] {
            guard let told = try? JSONDecoder().decode(Architecture.self, from: Data(text.utf8))
            else { throw SafetensorsError(path, "it does not say which network it is for") }
            architecture = told
        } else {
            let names = try file.unwrapNames(path: path)
            wrappers = names.wrappers
            namesInFile = wrappers.isEmpty ? nil : names.inFile
            architecture = try file.inferredArchitecture(settings, path: path)
            isInferred = true
        }
        let layout = ParameterLayout(architecture)
        try file.checkNames(layout, path: path)
        dataset = plainText(file.metadata["dataset"] ?? "unknown", limit: NameLength.bytes)
        dataDigest = file.metadata["data_digest"]
        configuration = file.metadata["configuration"].flatMap {
            try? JSONDecoder().decode(TrainingConfiguration.self, from: Data($0.utf8))
        }
        parameters = try file.values(layout, path: path, remedy: Safetensors.wantedModule)
        try checkNumbers(layout, path)
    }

    /// Rejects weights that are not finite: every output of such a network would be NaN or infinite.
    private func checkNumbers(
        _ layout: ParameterLayout, _ path: String
    ) throws(SafetensorsError) {
        let values = parameters.values
        guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
        let count = values.count { !$0.isFinite }
        let tensor = layout.tensors.last { $0.offset <= place }?.name ?? ""
        throw SafetensorsError(
            path,
            unfit:
                "\(count) of its \(values.count) weights are NaN or infinite, the first in \(tensor)",
            remedy: "its training diverged; train again, with a lower learning rate")
    }
}
