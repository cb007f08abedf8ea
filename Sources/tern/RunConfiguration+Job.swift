import Datasets
import FoundationEssentials
import Training

extension RunConfiguration {
    /// The job that this configures, with its data; its initial parameters are not read yet.
    ///
    /// - Parameter source: the file or folder that the configuration came from, for errors.
    func job(readFrom source: String) async throws -> Job {
        let kernels = try kernelsInUse()
        guard let named = NamedDataset(rawValue: training.dataset) else {
            throw ConfigurationError.unreadableFile(
                path: source, reason: "it asks for an unknown data set \"\(training.dataset)\"")
        }
        let dataset = try await Dataset.load(
            named, directory: data, environment: ProcessInfo.processInfo.environment)
        return try Job(training, dataset, kernels: kernels)
    }
}
