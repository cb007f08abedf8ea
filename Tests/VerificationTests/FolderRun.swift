import Datasets
import Foundation
import Glibc
import Kernels
import Monitoring
import NeuralNetwork
import TernKit
import Training
import Verification

/// A run of 2 epochs of 6 steps whose files are written as `tern train` writes them, in this process.
///
/// It leaves checkpoints of every other step, so at its end those of the steps 8, 10 and 12.
struct FolderRun {
    let path: String

    /// The run in a folder.
    init(_ path: String) { self.path = path }

    private static let data: Dataset? = {
        func set(_ count: Int) -> ExampleSet {
            ExampleSet(
                ExampleShape(rows: 3, columns: 2),
                values: (0..<6 * count).map { UInt8(truncatingIfNeeded: $0 * 37) },
                labels: (0..<count).map { UInt8($0 % 3) })
        }
        return try? Dataset(train: set(60), test: set(6))
    }()

    private static var configuration: RunConfiguration {
        var configuration = RunConfiguration()
        configuration.training.hidden = 3
        configuration.training.epochs = 2
        configuration.training.batchSize = 10
        configuration.training.shards = 4
        configuration.workers = 1
        configuration.data = "/data"
        return configuration
    }

    private func job(_ configuration: RunConfiguration) throws -> Job {
        guard let data = Self.data else { throw CocoaError(.featureUnsupported) }
        return try Job(configuration.training, data, kernels: Kernels.select(nil))
    }

    /// Makes the run, up to a step at which its power goes.
    func begin(upTo last: Int = 12) async throws {
        let directory = try RunDirectory.create(path)
        defer { release(directory) }
        let configuration = Self.configuration
        try directory.write(configuration.encoded(), to: directory.configuration)
        try await carryOut(try job(configuration), directory, from: nil, upTo: last)
    }

    /// Goes on with the run to its end.
    func resume() async throws {
        let configuration = try RunDirectory.savedConfiguration(in: path)
        let job = try job(configuration)
        let directory = try RunDirectory.open(path)
        defer { release(directory) }
        let point = try ResumePoint(in: path, for: job)
        for file in point.useless { _ = try directory.putAside(file.path) }
        try await carryOut(job, directory, from: point.checkpoint, upTo: 12)
    }

    /// Gives a folder back as a process does that ends.
    private func release(_ directory: RunDirectory) {
        // A process that another test starts has a copy of the descriptor for a moment.
        flock(directory.log, LOCK_UN)
        close(directory.log)
    }

    /// What `tern verify` says of the run.
    func verify() async throws -> VerificationReport {
        let configuration = try RunVerification.configuration(of: path)
        return try await RunVerification(path, configuration, try job(configuration))
            .verify(from: nil) { _, _ in }
    }

    private func carryOut(
        _ job: Job, _ directory: RunDirectory, from checkpoint: Checkpoint?, upTo last: Int
    ) async throws {
        var run = LocalRun(job, lanes: 1, resuming: checkpoint)
        _ = try MetricsFile(in: directory.folder, resumingAt: run.state.step)
        let metrics = try directory.folder.openForAppending(MetricsFile.name)
        defer { close(metrics) }
        var record = try StepsFile(in: directory.folder, resumingAt: run.state.step)
        while run.state.step < last {
            let tally = try await run.step()
            let report = run.state.report(
                tally, learningRate: 0, seconds: 0, weights: run.state.parameters.checksum)
            try record.append(StepRecord(report))
            for (file, line) in [
                (metrics, "{\"type\":\"step\",\"step\":\(report.step)}\n"),
                (directory.log, "info step \(report.step)\n"),
            ] { try Files.writeAll(Array(line.utf8), to: file, path: "a file") }
            if run.state.step % 2 == 0 {
                try record.flush()
                let checkpoint = run.state.checkpoint(seconds: 0)
                try directory.checkpoints.save(checkpoint.encoded(), step: checkpoint.step)
            }
        }
        try record.flush()
        guard last == 12 else { return }
        let model = ModelFile(
            architecture: job.architecture, dataset: "custom",
            configuration: job.configuration, parameters: run.state.parameters)
        try directory.write(model.encoded(), to: directory.model)
        try directory.write(Array("{\n}\n".utf8), to: directory.summary)
    }
}
