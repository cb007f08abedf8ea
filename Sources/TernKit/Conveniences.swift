import Datasets
import Files
import FoundationEssentials
import Kernels
import ModelFiles
import Training

extension Dataset {
    /// Finds and reads a data set by name, or in a folder.
    ///
    /// - Parameters:
    ///   - named: the data set to find.
    ///   - directory: the folder with its four IDX files; nil to search where `tern` does.
    /// - Throws: `DatasetError` if it is missing or incomplete.
    public static func load(
        _ named: NamedDataset, from directory: String? = nil
    ) async throws(DatasetError) -> Dataset {
        try await load(
            named, directory: directory, environment: ProcessInfo.processInfo.environment)
    }
}

extension Predictor {
    /// Makes a predictor with the fastest kernels for this processor.
    ///
    /// - Throws: `KernelSelectionError` if there are none.
    public convenience init(_ model: ModelFile) throws(KernelSelectionError) {
        self.init(model, kernels: try Kernels.select(nil))
    }
}

extension ModelFile {
    /// Reads a model, or a `state_dict` that PyTorch saved.
    ///
    /// - Throws: `FileError` if the file cannot be read, `SafetensorsError` if it is not a model.
    public init(path: String) throws {
        try self.init(parsing: Files.read(path), path: path)
    }
}
