import Bounds
import Files
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import ZeroMQ

/// The measurements of one `tern train` process.
struct TrainRun {
    let examplesPerSecond: Double
    let secondsToFirstStep: Double
    let workerPeakBytes: Int?
    let coordinatorPeakBytes: Int?

    /// Trains into `folder`, which must not exist before and is removed afterwards.
    static func carryOut(
        _ executable: String, _ settings: TrainSettings, epochs: Int, data: String,
        folder: String, signals: SignalSource
    ) async throws -> TrainRun {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let arguments =
            ["train", "--data", data, "--run-dir", folder, "--epochs", "\(epochs)"]
            + settings.arguments
        let start = Date.now
        let memory = try await run(executable, arguments, signals: signals)
        return TrainRun(
            examplesPerSecond: try examplesPerSecond(inSummary: "\(folder)/summary.json"),
            secondsToFirstStep: try firstStep(inLog: "\(folder)/coordinator.log")
                .timeIntervalSince(start),
            workerPeakBytes: memory.peakOfChildren, coordinatorPeakBytes: memory.peak)
    }

    /// Runs the program to its end, and forwards signals to it.
    private static func run(
        _ executable: String, _ arguments: [String], signals: SignalSource
    ) async throws -> ProcessMemory {
        let end = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments),
            input: .none, output: .discarded,
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            await watch(execution.processIdentifier.value, signals)
        }
        let (memory, signal) = end.closureResult
        if let signal { throw BenchmarkError.interrupted(signal: signal) }
        guard case .exited(let status) = end.terminationStatus, status == 0 else {
            throw BenchmarkError.trainingFailed(status: exitStatus(end.terminationStatus))
        }
        return memory
    }

    /// Follows a process until it ends; returns its memory and the signal forwarded to it, if any.
    private static func watch(
        _ pid: pid_t, _ signals: SignalSource
    ) async -> (ProcessMemory, signal: Int32?) {
        var memory = ProcessMemory(of: pid)
        var passed: Int32?
        // Looks less and less often, because each look takes time from the measured run.
        var interval = Duration.milliseconds(10)
        while memory.look() {
            switch signals.read() {
            case .stop(let signal), .stopAtOnce(let signal):
                kill(pid, signal)
                passed = signal
            // A measurement keeps no checkpoint.
            case .checkpoint, nil: break
            }
            try? await Task.sleep(for: interval)
            interval = min(interval * 2, .milliseconds(500))
        }
        return (memory, passed)
    }

    private static func exitStatus(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    // MARK: - A run's results

    private static func examplesPerSecond(inSummary path: String) throws -> Double {
        struct Summary: Decodable {
            @Bounded<Rate> var examplesPerSecond: Double
            enum CodingKeys: String, CodingKey { case examplesPerSecond = "examples_per_second" }
        }
        let text = Data(try Files.read(path))
        guard let summary = try? JSONDecoder().decode(Summary.self, from: text) else {
            throw BenchmarkError.noResult(path: path)
        }
        return summary.examplesPerSecond
    }

    /// The time at which training began, according to the log.
    static func firstStep(inLog path: String) throws -> Date {
        let lines = String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n")
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let line = lines.first(where: { $0.contains(" info training with ") }),
            let word = line.split(separator: " ").first,
            let time = try? style.parse(String(word))
        else { throw BenchmarkError.noResult(path: path) }
        return time
    }
}
