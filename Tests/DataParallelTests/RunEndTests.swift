import DataParallel
import Datasets
import Files
import Glibc
import Kernels
import RunEvents
import RunFolder
import Settings
import Testing
import Training
import ZeroMQ

/// A run of a few steps with a real coordinator; its socket and checkpoints are in a folder.
private struct SmallRun {
    let folder: String
    let job: Job
    let evaluation: EvaluationPool
    let coordinator: Coordinator
    let context: Context

    struct Observer: RunObserver {
        func record(_ event: RunEvent) {}
        func flush(then completion: @escaping @Sendable (FileError?) -> Void) { completion(nil) }
        var hasRoom: Bool { true }
    }

    init() throws {
        folder = try Files.makeTemporaryFolder("tern-end")
        let shape = ExampleShape(rows: 28, columns: 28)
        func examples(_ count: Int) -> ExampleSet {
            ExampleSet(
                shape, values: [UInt8](repeating: 7, count: count * shape.byteCount),
                labels: (0..<count).map { UInt8($0 % 2) })
        }
        var configuration = TrainingConfiguration()
        (configuration.batchSize, configuration.shards, configuration.epochs) = (16, 4, 1)
        job = try Job(
            configuration, Dataset(train: examples(48), test: examples(4)),
            kernels: Kernels.select(nil))
        evaluation = EvaluationPool(
            job.architecture, examples: job.dataset.test, threads: 1, kernels: job.kernels)
        coordinator = Coordinator(
            job,
            settings: CoordinatorSettings(
                welcome: .init(job.architecture, plan: job.plan, seed: 0, labelSmoothing: 0),
                epochs: 1, minimumWorkers: 1, checkpointEvery: 0, joinTimeout: nil),
            resuming: nil, store: CheckpointStore(of: try Folder(folder)),
            evaluation: evaluation, observer: Observer())
        context = coordinator.makeContext()
    }

    func listen() async throws -> String {
        try await coordinator.listen("ipc://\(folder)/socket", context: context)
    }

    func end() async {
        await context.terminate()
        await coordinator.stop()
        await evaluation.stop()
        let checkpoints = try? Folder("\(folder)/checkpoints")
        for name in (try? checkpoints?.names()) ?? [] { checkpoints?.remove(name) }
        rmdir("\(folder)/checkpoints")
        rmdir(folder)
    }
}

extension Worker {
    /// Performs effects as if the worker's machine had decided them.
    fileprivate func perform(_ effects: [WorkerEffect]) { driver.perform(effects) }
}

@Suite("The end of a run") struct RunEndTests {
    @Test("is not missed by a caller that asks for it later", .timeLimit(.minutes(5)))
    func beforeTraining() async throws {
        let run = try SmallRun()
        _ = try await run.listen()
        await run.coordinator.localWorkerEnded(
            "it was killed", remaining: 0, othersMayJoin: false)
        let result = await run.coordinator.train(signals: nil)
        #expect(result.outcome == .workersEnded("it was killed"))
        await run.end()
    }

    @Test("waits for work that lanes were assigned but have not received", .timeLimit(.minutes(5)))
    func lanes() async throws {
        let run = try SmallRun()
        let endpoint = try await run.listen()
        let worker = Worker(
            threads: 2, kernels: run.job.kernels, settings: .init(joinTimeout: nil)
        ) { event in
            // On the worker's thread, before the lanes receive their work: enough time for threads to end if
            // nothing waits for them.
            if event == .lost { usleep(300_000) }
        }
        let workers = Context()
        async let outcome = worker.run(endpoint, context: workers, signals: nil, lifeline: nil)
        let result = await run.coordinator.train(signals: nil)
        #expect(result.outcome == .completed)
        #expect(try await outcome == .dismissed("the run is complete"))
        await workers.terminate()
        // A worker does this if it receives weights and loses its coordinator in the same turn.
        await worker.perform([.compute(0..<4, step: 0), .reset, .report(.lost)])
        await worker.stop()
        await run.end()
    }
}
