import Foundation
import Glibc
import Testing

@Suite("tern train --restart", .bench)
struct RestartTests {
    /// The weights' checksum of a run without crashes.
    private func undisturbed(_ data: SampleData) async throws -> String {
        try await Recipe.lasting.train(data, into: RunFolder("calm")).weights
    }

    /// Starts a run with two workers, and waits until it is within an epoch.
    private func begin(
        _ data: SampleData, _ run: RunFolder, restarts: Int, _ more: String...,
        terminal: Terminal? = nil
    ) async throws -> TernProcess {
        let recipe = Recipe.lasting.with(
            "--workers", "2", "--checkpoint-every", "50", "--restart", "\(restarts)")
        let train = try start(recipe.arguments(data, into: run) + more, terminal: terminal)
        if let terminal {
            try await terminal.shows("Epoch [2/16], Step [20/600]")
        } else {
            try await train.line("Epoch [2/16], Step [20/600]")
        }
        return train
    }

    /// The coordinator's process.
    private var coordinator: pid_t {
        get throws { try #require(bench.running("--supervised").first) }
    }

    @Test("replaces a killed worker, and logs which one and how it ended")
    func worker() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try await begin(data, run, restarts: 3)
        let killed = try #require(bench.running("worker").first)
        kill(killed, SIGKILL)
        try await train.line(
            "local worker process \(killed) ended: killed by signal 9 (Killed); starting another, "
                + "restarts left: 2")
        try await eventually("a second worker in the place of \(killed)") {
            bench.running("worker").filter { $0 != killed }.count == 2
        }
        let ending = try await train.end()
        #expect(ending.output.contains("2 here", after: "\(killed) left"), "\(ending)")
        #expect(try run.completed(ending).weights == (try await undisturbed(data)))
        #expect(bench.running() == [])
    }

    @Test("reports the last output of a process that ended", arguments: ["worker", "--supervised"])
    func lastWords(argument: String) async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try await begin(data, run, restarts: 1)
        let killed = try #require(bench.running(argument).first)
        // As if the process itself had written it.
        let standardError = try #require(fopen("/proc/\(killed)/fd/2", "we"))
        fputs("all is\nnot well\nand", standardError)
        fclose(standardError)
        kill(killed, SIGKILL)
        try await train.line("killed by signal 9 (Killed); starting another, restarts left: 0")
        let ending = try await train.end()
        #expect(ending.status == 0)
        #expect(ending.errors == (argument == "worker" ? "" : "all is\nnot well\nand\n"))
        let log = try run.text("coordinator.log")
        for words in ["all is", "not well", "and"] {
            let line = argument == "worker" ? "process \(killed): " : "process \(killed) said: "
            #expect(log.contains("\(line)\(words)\n"))
        }
        #expect(try run.summary.weights == (try await undisturbed(data)))
    }

    @Test("replaces a killed coordinator, which resumes from the last checkpoint")
    func coordinatorKilled() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try await begin(data, run, restarts: 2)
        let killed = try coordinator
        kill(killed, SIGKILL)
        try await train.line(
            "the coordinator, process \(killed), ended: killed by signal 9 (Killed); starting "
                + "another, restarts left: 1")
        try await train.line("resuming from ")
        let worker = try await eventually("a worker of the next coordinator") {
            bench.running("worker").first
        }
        kill(worker, SIGKILL)
        try await train.line("\(worker) ended: killed by signal 9 (Killed); starting another, ")
        let ending = try await train.end()
        #expect(ending.output.contains("restarts left: 0"))
        #expect(try run.completed(ending).weights == (try await undisturbed(data)))
        #expect(try run.text("coordinator.log").contains("process \(killed), ended: killed by"))
        #expect(bench.running() == [])
    }

    @Test("also resumes a run that --resume-or-start began")
    func resumeOrStart() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try start(
            ["train", "--data", data.folder, "--resume-or-start", run.path, "--restart", "1"]
                + Recipe.lasting.with("--checkpoint-every", "10").words)
        try await train.line("Epoch [1/16], Step [20/600]")
        kill(try coordinator, SIGKILL)
        try await train.line("resuming from ")
        #expect(
            try run.completed(try await train.end()).weights == (try await undisturbed(data)))
    }

    @Test(
        "starts over if a coordinator is killed before its run has a configuration",
        arguments: [false, true])
    func atTheStart(hasLog: Bool) async throws {
        let data = try SampleData()
        let recipe = Recipe.small.with("--restart", "1")
        let run = RunFolder()
        if hasLog {
            try FileManager.default.createDirectory(
                atPath: run.path, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: run.path("coordinator.log")))
        }
        let train = try start(recipe.arguments(data, into: run))
        kill(
            try await eventually("a coordinator") { bench.running("--supervised").first }, SIGKILL)
        let ending = try await train.end()
        #expect(ending.output.contains("restarts left: 0"))
        let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
        #expect(try run.completed(ending).weights == calm.weights)
    }

    @Test("ends the run when no restart is left, and says how to resume")
    func exhausted() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try await begin(data, run, restarts: 1)
        kill(try coordinator, SIGKILL)
        try await train.line("training from step ")
        let second = try coordinator
        kill(second, SIGKILL)
        let ending = try await train.end()
        expectRefusal(
            ending, status: 70,
            [
                "the coordinator, process \(second), ended: killed by signal 9",
                "no restart is left", "tern train --resume \(run.path)",
            ])
        try await bench.nothingRuns()
        #expect(try await run.resume().weights == (try await undisturbed(data)))
    }

    @Test(
        "passes Ctrl-C and SIGTERM to the coordinator, which ends the run",
        arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        let train = try await begin(data, run, restarts: 5)
        _ = try await run.interrupted(train, by: signal)
    }

    @Test("shows the progress bar on a terminal, and finishes the step at Ctrl-C there")
    func terminal() async throws {
        let terminal = try Terminal()
        let run = RunFolder()
        let train = try await begin(
            try SampleData.large(), run, restarts: 5, terminal: terminal)
        try await terminal.shows("\r\u{1B}[K")
        terminal.pressControlC()
        try await terminal.shows("to go on: tern train --resume \(run.path)")
        #expect(try await train.end().status == 130)
        #expect(!terminal.text.contains("left:"))
    }

    @Test("ends all processes when its own is killed")
    func supervisorKilled() async throws {
        let train = try await begin(try SampleData.large(), RunFolder(), restarts: 5)
        train.kill()
        #expect(try await train.end().status == 128 + SIGKILL)
        try await bench.nothingRuns()
    }

    @Test(
        "does not restart a run that ended for a lasting reason",
        arguments: [
            (64, ["--hidden", "0"]), (64, ["--batch-size", "601"]), (66, ["--data", "/nowhere"]),
            (74, ["--config", "/dev/null"]),
        ] as [(Int32, [String])])
    func reasoned(status: Int32, options: [String]) async throws {
        let data = try SampleData()
        let arguments = Recipe.small.with("--restart", "3").arguments(data, into: RunFolder())
        let ending = try await tern(arguments + options)
        expectRefusal(ending, status: status, [])
        #expect(!ending.output.contains("restarts left"))
        #expect(bench.running() == [])
    }

    @Test("works with a configuration file")
    func configurationFile() async throws {
        let data = try SampleData.large()
        let calm = RunFolder("calm")
        let undisturbed = try await Recipe.lasting.train(data, into: calm)
        let run = RunFolder()
        let train = try start([
            "train", "--config", calm.path("config.json"), "--run-dir", run.path, "--restart", "1",
        ])
        try await train.line("Epoch [2/16], Step [20/600]")
        kill(try coordinator, SIGKILL)
        #expect(try run.completed(try await train.end()).weights == undisturbed.weights)
    }
}

extension String {
    /// Whether a text occurs after the first occurrence of another.
    fileprivate func contains(_ text: String, after first: String) -> Bool {
        guard let start = range(of: first) else { return false }
        return self[start.upperBound...].contains(text)
    }
}
