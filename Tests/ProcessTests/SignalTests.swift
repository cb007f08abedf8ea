import FoundationEssentials
import Glibc
import Testing

extension RunFolder {
    /// The temporary files in the folder and among the checkpoints.
    var unfinished: [String] {
        get throws {
            try FileManager.default.subpathsOfDirectory(atPath: path).filter {
                $0.hasSuffix(".tmp")
            }
        }
    }
}

@Suite("Signals to a run:", .bench)
struct SignalTests {
    /// It outlasts two checkpoints, also on a fast machine where other tests run.
    private static let brief = Recipe.long.with("--hidden", "16", "--epochs", "12")
    private static let endless = brief.with("--epochs", "999")
    private static let local = endless.with("--workers", "2")

    @Test(
        "SIGUSR1 and SIGUSR2 write a checkpoint, and training ends with the same bits",
        arguments: [[], ["--restart", "1"]])
    func checkpoint(options: [String]) async throws {
        let data = try SampleData.large()
        let undisturbed = try await Self.brief.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let recipe = Self.brief.with("--workers", "2")
        let train = try start(recipe.arguments(data, into: run) + options)
        try await train.line("Epoch [1/12], Step [20/600]")
        // Sent to all processes of the job, as Slurm does, and to one of them.
        for pid in bench.running(ternPath) + bench.running("worker") { kill(pid, SIGUSR1) }
        try await train.line("SIGUSR1: writing a checkpoint; training goes on")
        let line = try await train.line("checkpoint after step ")
        #expect(line.contains(" written to \(run.path)/checkpoints/step-"))
        // Before the next step, the previous checkpoint would be enough.
        try await eventually("a step after the checkpoint") {
            let output = train.output
            return output.firstRange(of: line).map {
                output[$0.upperBound...].contains("Step [")
            } ?? false
        }
        train.signal(SIGUSR2)
        try await train.line("SIGUSR2: writing a checkpoint; training goes on")
        let ending = try await train.end()
        #expect(!ending.output.contains("left:"))
        #expect(try run.completed(ending).weights == undisturbed.weights)
    }

    @Test("SIGUSR1 does not harm a worker, and SIGHUP makes it leave")
    func worker() async throws {
        let run = RunFolder()
        let cluster = try await Cluster(Self.endless, try SampleData.large(), into: run)
        let workers = [try cluster.worker(), try cluster.worker()]
        try await cluster.coordinator.line("Step [20/600]")
        try await cluster.coordinator.line("2 here")
        for signal in [SIGUSR1, SIGUSR2] { workers[0].signal(signal) }
        cluster.coordinator.signal(SIGUSR1)
        try await cluster.coordinator.line("checkpoint after step ")
        workers[0].signal(SIGHUP)
        #expect(try await workers[0].end().status == 129)
        try await cluster.coordinator.line("\(workers[0].pid) left: it was stopped by a signal")
        cluster.coordinator.signal(SIGHUP)
        #expect(try await cluster.coordinator.end().status == 129)
        #expect(try await workers[1].end().status == 0)
    }

    @Test("SIGHUP stays ignored if nohup ignores it")
    func nohup() async throws {
        let arguments = Self.brief.arguments(try SampleData.large(), into: RunFolder())
        let train = try bench.start(
            ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", ternPath] + arguments)
        try await train.line("Step [20/600]")
        train.signal(SIGHUP)
        #expect(try RunFolder().completed(try await train.end()).steps == 7200)
    }

    @Test(
        "a request that arrives twice, as timeout sends it, keeps its checkpoint",
        arguments: [0.4, 0.8, 1.2, 1.6])
    func twice(seconds: Double) async throws {
        let run = RunFolder()
        let arguments = Self.local.arguments(try SampleData.large(), into: run)
        let ending = try await bench.start(["timeout", "\(seconds)", ternPath] + arguments).end()
        #expect(ending.status == 124)
        // A busy machine may not have created the run's folder yet.
        guard FileManager.default.fileExists(atPath: run.path("steps.csv")) else { return }
        #expect(ending.output.contains("to go on: tern train --resume \(run.path)"), "\(ending)")
        #expect(!run.checkpoints.isEmpty)
        #expect(try run.unfinished == [])
        #expect(!ending.output.contains("left:"), "\(ending)")
        try await bench.nothingRuns()
    }

    @Test(
        "one to the whole group and to the process stops a run once",
        arguments: zip([SIGINT, SIGTERM, SIGHUP], [[], ["--restart", "1"], []]))
    func group(signal: Int32, options: [String]) async throws {
        let run = RunFolder()
        let train = try start(Self.local.arguments(try SampleData.large(), into: run) + options)
        try await train.line("Step [20/600]")
        kill(-train.pid, signal)
        train.signal(signal)
        let ending = try await train.end()
        #expect(ending.status == 128 + signal)
        #expect(ending.output.contains("to go on: tern train --resume \(run.path)"), "\(ending)")
        #expect(!ending.output.contains("left:"), "\(ending)")
        #expect(!run.checkpoints.isEmpty)
        try await bench.nothingRuns()
    }

    @Test(
        "Ctrl-Z stops all processes of a run, and none is lost",
        arguments: [[], ["--restart", "1"]])
    func suspended(options: [String]) async throws {
        let terminal = try Terminal()
        let run = RunFolder()
        let script = #""$@"; echo suspended; read -r word; fg >/dev/null; echo "ended with $?""#
        let recipe = Self.local.with("--heartbeat-timeout", "1")
        let arguments = recipe.arguments(try SampleData.large(), into: run) + options
        _ = try bench.start(
            ["sh", "-mc", script, "sh", ternPath] + arguments, terminal: terminal.path)
        try await terminal.shows("Step [20/600]")
        terminal.press(26)
        try await terminal.shows("suspended")
        let processes = bench.running("train") + bench.running("worker")
        #expect(processes.count == (options.isEmpty ? 3 : 4) + 1, "one is the shell")
        try await eventually("all are stopped") {
            processes.count(where: { isStopped($0) }) == processes.count - 1
        }
        let log = try run.text("coordinator.log")
        // Longer than the heartbeat timeout.
        try await Task.sleep(for: .milliseconds(1500))
        #expect(try run.text("coordinator.log") == log)
        terminal.press(10)
        try await eventually("further steps") {
            _ = terminal.text
            return try run.text("coordinator.log").count > log.count + 1000
        }
        #expect(try !run.text("coordinator.log").contains("left:"))
        terminal.pressControlC()
        try await terminal.shows("to go on: tern train --resume \(run.path)")
        try await terminal.shows("ended with 130")
        try await bench.nothingRuns()
    }

    private func isStopped(_ pid: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        return status.contains("State:\tT")
    }
}
