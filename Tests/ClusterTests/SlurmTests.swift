import Foundation
import Requirements
import Synchronization
import Testing

@Suite(
    "A job on a Slurm cluster", .slurm, .earlyBench, .serialized,
    .needs(
        .program("slurmctld"), .program("slurmd"), .program("srun"), .program("munged"),
        .program("nsenter"), SlurmCluster.namespaces))
struct SlurmTests {
    /// A run long enough for a test to interfere in the second epoch.
    private static let recipe = Recipe.long.with("--epochs", "3")
    private static let middle = "Epoch [2/3], Step [20/600]"

    /// The option that makes the job wait for the workers of both nodes.
    private static let both = ["--min-workers", "2"]

    private let data: SampleData

    init() async throws {
        data = try SampleData.large()
        try await slurm.isReady()
    }

    private static let weights = Mutex<String?>(nil)

    /// The weights of `tern train`.
    private func expectedWeights() async throws -> String {
        if let known = Self.weights.withLock({ $0 }) { return known }
        let weights = try await Self.recipe.train(data, into: RunFolder("reference")).weights
        Self.weights.withLock { $0 = weights }
        return weights
    }

    /// Expects that a job completes its run, or another one, with the bits of `tern train`, and leaves no key.
    private func expectCompletion(
        of job: SlurmJob, state: String = "COMPLETED", run: RunFolder? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let run = run ?? job.run
        #expect(try await job.end() == state, "\(job.output)", sourceLocation: sourceLocation)
        #expect(try run.summary.status == "completed", sourceLocation: sourceLocation)
        #expect(
            try await run.summary.weights == expectedWeights(), sourceLocation: sourceLocation)
        try expectNoKey(in: run, sourceLocation: sourceLocation)
    }

    private func expectNoKey(
        in run: RunFolder, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
        #expect(!names.contains { $0.contains("key") }, "\(names)", sourceLocation: sourceLocation)
        #expect(bench.running("slurm") == [], sourceLocation: sourceLocation)
    }

    @Test("trains to the bits of tern train, with a worker on each node")
    func completes() async throws {
        let job = try await slurm.submit(Self.recipe, data, arguments: Self.both)
        try await expectCompletion(of: job)
        for node in ["n1", "n2"] {
            #expect(job.output.contains("worker job/\(node):"), "\(job.output)")
        }
    }

    @Test("takes the key from the environment if no folder is shared")
    func keyFromEnvironment() async throws {
        let key = try await tern(["key", "job", "--output", "-"]).output
        let job = try await slurm.submit(
            Self.recipe, data, arguments: Self.both + ["--key-from-env"],
            environment: ["TERN_JOB_KEY": key.trimmingCharacters(in: .newlines)])
        try await job.says(Self.middle)
        let names = try FileManager.default.contentsOfDirectory(atPath: job.run.path)
        #expect(!names.contains { $0.contains("key") }, "\(names)")
        try await expectCompletion(of: job)
    }

    /// Submits a job whose second task waits for a file before it starts Tern.
    private func submitLate(_ recipe: Recipe) async throws -> SlurmJob {
        let program = bench.path("late-tern")
        try writeProgram(
            """
            #!/bin/sh
            [ "$SLURM_PROCID" = 0 ] || until [ -e go ]; do sleep 0.05; done
            exec '\(ternPath)' "$@"

            """, to: program)
        return try await slurm.submit(recipe, data, environment: ["TERN": program])
    }

    @Test("starts without a late task, and lets it join")
    func late() async throws {
        let recipe = Recipe.long.with("--epochs", "12", "--hidden", "16")
        let job = try await submitLate(recipe)
        try await job.says("Epoch [1/12], Step [200/600]")
        #expect(!job.output.contains("job/n2:"), "\(job.output)")
        _ = try writeFile("go", [])
        try await job.says("worker job/n2:")
        #expect(try await job.end() == "COMPLETED", "\(job.output)")
        let alone = try await recipe.train(data, into: RunFolder("reference"))
        #expect(try job.run.summary.weights == alone.weights)
    }

    @Test("completes without a task that starts after its end")
    func tooLate() async throws {
        let job = try await submitLate(Self.recipe)
        try await job.says("training is finished")
        _ = try writeFile("go", [])
        try await expectCompletion(of: job)
        #expect(job.output.contains("task 1 came too late"), "\(job.output)")
    }

    @Test(
        "resumes its run when it is requeued, by a user or by its time limit",
        arguments: [["scontrol", "requeue"], ["scancel", "--batch", "--signal=USR1"]])
    func requeue(command: [String]) async throws {
        let job = try await slurm.submit(Self.recipe, data, arguments: Self.both)
        try await job.says(Self.middle)
        try await slurm.run(command + [job.number])
        try await job.restart()
        try await expectCompletion(of: job)
        #expect(job.output.contains("resuming from runs/slurm-\(job.number)/checkpoints/"))
    }

    @Test("writes a checkpoint at SIGUSR1, and trains on")
    func checkpoint() async throws {
        let job = try await slurm.submit(Self.recipe, data, arguments: Self.both)
        try await job.says(Self.middle)
        let before = job.run.checkpoints.count
        try await slurm.run(["scancel", "--signal=USR1", job.number])
        try await eventually("another checkpoint") { job.run.checkpoints.count > before }
        try await expectCompletion(of: job)
    }

    @Test("saves a checkpoint when it is cancelled, and another job resumes from it")
    func cancel() async throws {
        let job = try await slurm.submit(Self.recipe, data, arguments: Self.both)
        try await job.says(Self.middle)
        try await slurm.run(["scancel", job.number])
        #expect(try await job.end() == "CANCELLED")
        #expect(try job.run.summary.status == "interrupted", "\(job.output)")
        try expectNoKey(in: job.run)
        let next = try await slurm.submit([], ["--resume", job.run.path])
        try await expectCompletion(of: next, run: job.run)
    }

    @Test("continues without a failed node")
    func nodeFailure() async throws {
        let job = try await slurm.submit(Self.recipe, data)
        try await job.says(Self.middle)
        try await slurm.cutPower(ofNode: 2)
        try await expectCompletion(of: job)
        try await slurm.restoreNode(2)
    }

    @Test("is requeued and resumes if its first node fails")
    func firstNodeFailure() async throws {
        let job = try await slurm.submit(Self.recipe, data, arguments: ["--join-timeout", "6"])
        try await job.says(Self.middle)
        try await slurm.cutPower(ofNode: 1)
        try await job.restart()
        try await slurm.restoreNode(1)
        try await expectCompletion(of: job)
    }

    @Test("trains in a heterogeneous allocation, whichever node comes first")
    func heterogeneous() async throws {
        let job = try await slurm.submit(
            Self.recipe, data, ["--nodes=1", "--nodelist=n2", ":", "--nodes=1", "--nodelist=n1"],
            arguments: Self.both)
        try await expectCompletion(of: job)
    }
}

@Suite("tern slurm", .bench)
struct SlurmRefusalTests {
    @Test("is rejected outside a Slurm job")
    func noSlurm() async throws {
        try await expectRefusal(["slurm"], status: 64, "no task of a Slurm job", "srun")
    }
}
