import Datasets
import FoundationEssentials
import Training

extension RunConfiguration {
    /// The job that this configures, with its data; its initial parameters are not read yet.
    ///
    /// - Parameter source: the file or folder that the configuration came from, for errors.
    func job(readFrom source: String) async throws -> Job {
        let kernels = try kernelsInUse()
        return try await Job(training, dataset(readFrom: source), kernels: kernels)
    }

    /// The data that this names.
    ///
    /// They are looked for where the run found them, and then, as all may have been moved together,
    /// where the name that was given leads to from here.
    /// - Parameter source: the file or folder that the configuration came from, for errors.
    func dataset(readFrom source: String) async throws -> Dataset {
        guard let named = NamedDataset(rawValue: training.dataset) else {
            throw ConfigurationError.unreadableFile(
                path: source, reason: "it asks for an unknown data set \"\(training.dataset)\"")
        }
        let environment = ProcessInfo.processInfo.environment
        guard let dataPath else {
            return try await Dataset.load(named, directory: data, environment: environment)
        }
        let others = try (data.map { [$0] } ?? named.searchPath(environment: environment))
            .map { path throws(FileError) in try Files.absolutePath(path) }
            .filter { $0 != dataPath }
        guard !others.isEmpty else {
            return try await Dataset.load(named, directory: dataPath, environment: environment)
        }
        return try await Dataset.load(named, in: [dataPath] + others)
    }

    /// Takes the data from another folder than the one that the configuration names.
    mutating func replaceData(by folder: String?) {
        guard let folder else { return }
        (data, dataPath) = (folder, nil)
    }
}
