import Datasets
import Files
import FoundationEssentials
import Monitoring
import RunFolder
import Settings
import Training

extension RunConfiguration {
    /// The configured job with its data; its initial parameters are not read yet.
    ///
    /// - Parameter source: the file or folder that the configuration came from, for errors.
    func job(readFrom source: String) async throws -> Job {
        let kernels = try kernelsInUse()
        return try await Job(training, dataset(readFrom: source), kernels: kernels)
    }

    /// The configured data set.
    ///
    /// It is searched where the run found it, and then, because all files may have moved together,
    /// at the original name relative to the current folder.
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

    /// Replaces the data's folder.
    mutating func replaceData(by folder: String?) {
        guard let folder else { return }
        (data, dataPath) = (folder, nil)
    }

    /// Checks that a resumed run has the same data.
    ///
    /// - Throws: ``CheckpointError`` if the data differs.
    func checkData(of job: Job, resuming run: String) throws(CheckpointError) {
        guard let dataDigest, dataDigest != job.dataDigest else { return }
        throw .otherData(path: RunDirectory.configuration(in: run))
    }
}

// Settings that the user did not choose are adapted to the data.

extension RunConfiguration {
    /// The configuration with the batch size, shards and workers in effect for a job.
    ///
    /// - Throws: ``ConfigurationError`` if the chosen workers do not fit the shards.
    func fitted(to job: Job) throws(ConfigurationError) -> Self {
        var fitted = self
        fitted.training = job.configuration
        if job.configuration.shards < training.shards {
            fitted.workers = workers.map { min($0, max(1, job.configuration.shards / threads)) }
        }
        try fitted.validate()
        return fitted
    }

    /// Notes for the user about adapted settings.
    func notes(onFitting job: Job) -> [String] {
        let examples = job.dataset.train.count
        var notes: [String] = []
        if job.configuration.batchSize < training.batchSize {
            notes.append(
                "each step takes all \(examples) training examples: the default batch size is "
                    + "\(training.batchSize)")
        }
        if job.configuration.shards < training.shards {
            notes.append(
                "\(job.configuration.shards) shards, not the default of \(training.shards): there are "
                    + "\(examples) training examples")
        }
        return notes
    }
}
