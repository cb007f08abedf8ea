import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import Subprocess
import TestSupport
import ZeroMQ

/// Disturbs training runs of real processes, and compares their results with an undisturbed run.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Kills, stops and starts the processes of trainings, which must end with the "
            + "weights of one that nothing happened to.",
        discussion: """
            A seed decides which faults come and after which steps; even ones go over ipc, odd \
            ones over tcp. Exit status: 0 all is well; 1 a run failed or a bar was missed.
            """)

    @Option(help: ArgumentHelp("Runs, of one seed each.", valueName: "n"))
    var seeds = 10

    @Option(help: ArgumentHelp("The first seed.", valueName: "seed"))
    var from: UInt64 = 0

    @Option(help: ArgumentHelp("Workers that a run begins with.", valueName: "n"))
    var workers = 3

    @Option(help: ArgumentHelp("Faults of a run.", valueName: "n"))
    var faults = 5

    @Option(
        help: ArgumentHelp(
            "The data set's folder. (default: where tern finds it)",
            valueName: "dir"))
    var data: String?

    @Option(help: "Epochs of a run.")
    var epochs = 3

    @Option(help: ArgumentHelp("Global batch size.", valueName: "examples"))
    var batchSize = 128

    @Flag(
        help: "Have all processes print JSON, and jq read every line of it and of the runs' files.")
    var json = false

    func validate() throws {
        for (option, value) in [
            ("seeds", seeds), ("workers", workers), ("faults", faults), ("epochs", epochs),
            ("batch-size", batchSize),
        ] where value < 1 {
            throw ValidationError("--\(option) must be above 0")
        }
    }

    mutating func run() async throws {
        let command = self
        let signals = try SignalSource()
        let work = Task { try await command.disturb() }
        let watch = Task {
            while signals.read() == nil { try await Task.sleep(for: .milliseconds(50)) }
            work.cancel()
        }
        defer { watch.cancel() }
        guard try await work.value else { throw ExitCode(1) }
    }

    /// Carries out all runs, and returns whether all passed.
    private func disturb() async throws -> Bool {
        let settings = ChaosSettings(
            data: data, workers: workers, faults: faults, epochs: epochs, batchSize: batchSize,
            isJSON: json)
        let folder = try Files.makeTemporaryFolder("tern-chaos")
        // tcp needs keys, and they must not stay in this user's home.
        for (name, path) in try PoolKeys(in: folder).variables { setenv(name, path, 1) }
        let undisturbed = try await settings.undisturbed(folder: folder)
        say("the undisturbed run ends with \(undisturbed)")
        var ledger = Ledger(bars: [
            .killWorker: .seconds(1), .stopWorker: .seconds(settings.heartbeatTimeout + 1),
        ])
        for seed in from..<from + UInt64(seeds) {
            let own = "\(folder)/\(seed)"
            let problem = try await run(seed, settings, undisturbed, own, &ledger)
            ledger.end(seed: seed, isGood: problem == nil)
            guard let problem else {
                try? FileManager.default.removeItem(atPath: own)
                continue
            }
            say("seed \(seed) FAILED: \(problem)")
            say("  its files are in \(own); to repeat it: \(repeating(seed))")
        }
        say(ledger.text)
        if ledger.failedSeeds.isEmpty { try? FileManager.default.removeItem(atPath: folder) }
        return ledger.isGood
    }

    /// Carries out the run of one seed, and reports any failure.
    private func run(
        _ seed: UInt64, _ settings: ChaosSettings, _ undisturbed: String, _ folder: String,
        _ ledger: inout Ledger
    ) async throws -> String? {
        try Files.makeFolder(folder)
        var run = DisturbedRun(settings, seed: seed, folder: folder)
        do {
            let sum = try await run.carryOut(workers: workers) { recovery, text in
                ledger.add(recovery)
                say("\(text), going on after \(seconds(recovery.time))")
            }
            guard sum == undisturbed else { return "it ends with \(sum)" }
            return settings.isJSON ? try await unreadableFile(in: folder) : nil
        } catch is CancellationError {
            throw ExitCode(130)
        } catch {
            return "\(error)"
        }
    }

    /// The first JSON file of a run that jq cannot read; nil if it reads them all.
    private func unreadableFile(in folder: String) async throws -> String? {
        let printed = try Folder(folder).names().filter { $0.hasSuffix(".out") }
        let kept = try Folder("\(folder)/run").names().filter { $0.hasSuffix(".jsonl") }
        for file in printed + kept.map({ "run/\($0)" }) {
            // Every line is an object, and there is at least one.
            let end = try await Subprocess.run(
                .name("jq"),
                arguments: [
                    "-e", "-s", "all(type == \"object\") and length > 0", "\(folder)/\(file)",
                ],
                input: .none, output: .discarded, error: .discarded)
            guard end.terminationStatus.isSuccess else { return "jq cannot read \(file)" }
        }
        return nil
    }

    private func repeating(_ seed: UInt64) -> String {
        "Scripts/chaos --from \(seed) --seeds 1 --workers \(workers) --faults \(faults) "
            + "--epochs \(epochs) --batch-size \(batchSize)" + (data.map { " --data \($0)" } ?? "")
            + (json ? " --json" : "")
    }
}

/// Prints a line and flushes it at once, also to a pipe.
private func say(_ line: String) {
    try? Files.writeAll(Array("\(line)\n".utf8), to: STDOUT_FILENO, path: "standard output")
}
