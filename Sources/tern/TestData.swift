import Datasets
import FoundationEssentials
import ModelFiles
import Monitoring
import Settings

/// The data to test a model on: by default the data it was trained on.
struct TestData {
    let dataset: Dataset
    /// A note for the user about the data.
    let note: String?

    /// Reads the data for a model's test.
    ///
    /// - Parameters:
    ///   - folder: the folder that the user names; nil for the model's own data.
    ///   - path: the model's file, for errors.
    ///   - run: the folder of the model's run, if any.
    /// - Throws: ``Failure`` if no folder is named and the model's own data is not found.
    init(_ folder: String?, for model: ModelFile, _ path: String, run: String?) async throws {
        let configuration = try run.map { run in
            let path = RunDirectory.configuration(in: run)
            return try RunConfiguration(parsing: RunDirectory.read(path), path: path)
        }
        if folder == nil, let configuration, let run {
            dataset = try await configuration.dataset(readFrom: run)
        } else {
            guard folder != nil || model.dataset != "custom" else {
                throw Failure(
                    status: ExitStatus.noInput,
                    message:
                        "\(path) was trained on a data set that has no name, and does not lie in "
                        + "the folder of its run: give the folder of the data with --data")
            }
            dataset = try await Dataset.load(
                NamedDataset(rawValue: model.dataset) ?? .mnist, directory: folder,
                environment: ProcessInfo.processInfo.environment)
        }
        switch dataset.isTheOne(of: model, configuration) {
        case true?: note = nil
        case nil: note = "the model does not tell whether it was trained on these data"
        case false? where folder != nil: note = "not the data that the model was trained on"
        case false?:
            throw Failure(
                status: ExitStatus.badData,
                message:
                    "the data in \(dataset.directory) are not those that \(path) was trained on: "
                    + "bring those back, or name the data to test on with --data")
        }
    }
}

extension Dataset {
    /// Whether a model was trained on this data; nil if unknown.
    fileprivate func isTheOne(of model: ModelFile, _ run: RunConfiguration?) -> Bool? {
        if let digest = model.dataDigest ?? run?.dataDigest { return digest == self.digest }
        // Known data sets are recognised by their content.
        return NamedDataset(rawValue: model.dataset).map { $0.rawValue == name }
    }
}
