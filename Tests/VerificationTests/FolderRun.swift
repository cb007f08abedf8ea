import Datasets
import Files
import Foundation
import Glibc
import Hashing
import Kernels
import ModelFiles
import Monitoring
import NeuralNetwork
import RunEvents
import RunFolder
import Settings
import TernKit
import Training
import Verification

/// A run of 2 epochs of 6 steps whose files are written as `tern train` writes them, but in this process.
///
/// It writes a checkpoint every other step and keeps three: at its end those of the steps 8, 10 and 12.
struct FolderRun {
    let path: String
    private let hidden: Int

    /// The key that signs the run.
    static let signer = SigningKey(seed: [UInt8](repeating: 7, count: 32))

    /// The run in a folder.
    init(_ path: String, hidden: Int = 3) {
        self.path = path
        self.hidden = hidden
    }

    private static let data: Dataset? = {
        func set(_ count: Int) -> ExampleSet {
            ExampleSet(
                ExampleShape(rows: 3, columns: 2),
                values: (0..<6 * count).map { UInt8(truncatingIfNeeded: $0 * 37) },
                labels: (0..<count).map { UInt8($0 % 3) })
        }
        return try? Dataset(train: set(60), test: set(6))
    }()

    private var configuration: RunConfiguration {
        var configuration = RunConfiguration()
        configuration.training.hidden = hidden
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

    /// Makes the run up to a step where it is cut off.
    func begin(upTo last: Int = 12) async throws {
        let directory = try RunDirectory.create(path)
        defer { release(directory) }
        let configuration = configuration
        try directory.write(configuration.encoded(), to: directory.configuration)
        try await carryOut(try job(configuration), directory, from: nil, upTo: last)
    }

    /// Resumes the run to its end.
    func resume() async throws {
        let configuration = try RunDirectory.savedConfiguration(in: path)
        let job = try job(configuration)
        let directory = try RunDirectory.open(path)
        defer { release(directory) }
        let point = try ResumePoint(in: path, for: job)
        for file in point.useless { _ = try directory.putAside(file.path) }
        try await carryOut(job, directory, from: point.checkpoint, upTo: 12)
    }

    /// Releases a folder as an ending process does.
    private func release(_ directory: RunDirectory) {
        // A process that another test starts holds a copy of the descriptor for a moment.
        flock(directory.log, LOCK_UN)
        close(directory.log)
    }

    /// The run's job, from its own configuration.
    func job() throws -> Job { try job(configuration) }

    /// The report of `tern verify` about the run.
    func verify(
        from step: Int? = nil, by signer: VerifyingKey? = nil
    ) async throws -> VerificationReport {
        let configuration = try RunVerification.configuration(of: path)
        return try await RunVerification(path, configuration, try job(configuration))
            .verify(from: step, signer: signer.map { ($0, "key.pub") }) { _, _ in }
    }

    /// Signs the run as `tern train --sign` does.
    func sign() throws {
        let model = RunDirectory.model(in: path)
        let parameters = try ModelFile(parsing: Files.read(model), path: model).parameters
        let digest = try RunDigest(ofRunIn: path, job(), parameters)
        try Files.writeAtomically(
            RunSignature(digest, by: Self.signer).encoded(), to: RunDirectory.signature(in: path))
    }

    /// Writes the record of the whole run in another format, and removes the signature of the old one.
    func rewriteRecord(_ format: RecordFormat) async throws {
        var run = LocalRun(try job(), lanes: 1)
        var record = format.heading + [10]
        while run.state.step < 12 {
            let tally = try await run.step()
            let report = run.state.report(
                tally, learningRate: 0, seconds: 0,
                weights: StepWeights(copying: run.state.parameters))
            StepRecord(report, format).append(to: &record)
        }
        try Files.writeAtomically(record, to: RunDirectory.steps(in: path))
        unlink(RunDirectory.signature(in: path))
    }

    private func carryOut(
        _ job: Job, _ directory: RunDirectory, from checkpoint: Checkpoint?, upTo last: Int
    ) async throws {
        var run = LocalRun(job, lanes: 1, resuming: checkpoint)
        _ = try MetricsFile(in: directory.folder, resumingAt: run.state.step)
        let metrics = try directory.folder.openForAppending(MetricsFile.name)
        defer { close(metrics) }
        let events = try EventsFile(in: directory.folder)
        defer { events.close() }
        try events.append(EventLine(now: "run_started", .info))
        var record = try StepsFile(in: directory.folder, resumingAt: run.state.step)
        while run.state.step < last {
            let tally = try await run.step()
            let report = run.state.report(
                tally, learningRate: 0, seconds: 0,
                weights: StepWeights(copying: run.state.parameters))
            try record.append(report)
            for (file, line) in [
                (metrics, "{\"type\":\"step\",\"step\":\(report.step)}\n"),
                (directory.log, "info step \(report.step)\n"),
            ] { try Files.writeAll(Array(line.utf8), to: file, path: "a file") }
            if run.state.step % 2 == 0 {
                try record.flush()
                let checkpoint = run.state.checkpoint(seconds: 0)
                try directory.checkpoints.save(checkpoint)
            }
        }
        try record.flush()
        guard last == 12 else { return }
        var model = ModelFile(
            architecture: job.architecture, dataset: "custom",
            configuration: job.configuration, parameters: run.state.snapshot)
        model.dataDigest = job.dataDigest
        try directory.write(model.encoded(), to: directory.model)
        let text = jsonText(await summary(of: run, job))
        try directory.write(Array(text.utf8), to: directory.summary)
    }

    /// The summary that `tern train` writes at the end of a run.
    private func summary(of run: LocalRun, _ job: Job) async -> RunSummary {
        let epoch = EpochReport(
            epoch: 2, epochs: 2, step: 12, train: run.state.epochTally, test: await run.evaluate(),
            seconds: 1, examplesPerSecond: 1)
        return RunSummary(
            status: "completed", dataset: "custom", workers: 1, epochs: 2, steps: 12, examples: 120,
            wallSeconds: 1, lastEpoch: epoch, weightsSHA256: run.state.parameters.sha256)
    }
}
