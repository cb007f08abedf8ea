import FoundationEssentials
import Hashing
import Kernels
import NeuralNetwork

/// A trained network in a safetensors file that PyTorch's `load_state_dict` takes as it is.
public struct ModelFile: Sendable {
    /// The form of the network.
    public var architecture: Architecture
    /// The data set it was trained on.
    public var dataset: String
    /// What it was trained with.
    public var configuration: TrainingConfiguration?
    /// The parameters.
    public var parameters: FloatBuffer

    /// Makes a model of trained parameters.
    public init(
        architecture: Architecture, dataset: String, configuration: TrainingConfiguration?,
        parameters: FloatBuffer
    ) {
        self.architecture = architecture
        self.dataset = dataset
        self.configuration = configuration
        self.parameters = parameters
    }

    /// The file's bytes: the tensors under PyTorch's names, the settings in the metadata.
    public func encoded() -> [UInt8] {
        var file = Safetensors(metadata: [
            "format": "pt", "architecture": jsonText(architecture), "dataset": dataset,
            "nonlinearity": architecture.nonlinearity.rawValue,
            "readout": architecture.readout.rawValue,
        ])
        if let configuration { file.metadata["configuration"] = jsonText(configuration) }
        file.append(parameters, layout: ParameterLayout(architecture))
        return file.encoded()
    }

    /// Reads the bytes of a model's file.
    public init(parsing bytes: [UInt8], path: String) throws(SafetensorsError) {
        let file = try Safetensors(parsing: bytes, path: path)
        guard let text = file.metadata["architecture"],
            let architecture = try? JSONDecoder().decode(Architecture.self, from: Data(text.utf8))
        else { throw SafetensorsError(path, "it does not say what network it is of") }
        self.architecture = architecture
        dataset = file.metadata["dataset"] ?? "unknown"
        configuration = file.metadata["configuration"].flatMap {
            try? JSONDecoder().decode(TrainingConfiguration.self, from: Data($0.utf8))
        }
        parameters = try file.buffer(ParameterLayout(architecture), path: path)
    }
}

extension FloatBuffer {
    /// SHA-256 over the values as little-endian float32, in hexadecimal.
    public var sha256: String {
        withBytes { bytes in bytes.withUnsafeBytes { SHA256.hex(of: $0) } }
    }
}
