import FoundationEssentials
import Glibc
import Testing

@Suite("Output delays nothing and loses no result", .bench)
struct OutputTests {
    private static let chatty = Recipe.long.with(
        "--hidden", "16", "--epochs", "99", "--log-every", "1")

    /// Starts `tern` with a script as the reader of its output; the exit status goes to the file `status`.
    private func start(_ arguments: [String], reader: String) throws -> TernProcess {
        let script = "{ \"$@\"; echo $? >status; } | { \(reader); }"
        return try bench.start(["sh", "-c", script, "sh", ternPath] + arguments)
    }

    private func status() async throws -> Int32? {
        let text = try await eventually("an exit status") {
            try? String(contentsOfFile: bench.path("status"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return Int32(text)
    }

    @Test(
        "if the reader never reads, and SIGTERM still works",
        arguments: [[], ["--restart", "1"]])
    func unread(options: [String]) async throws {
        let run = RunFolder()
        let arguments = Self.chatty.arguments(try SampleData.large(), into: run) + options
        let shell = try start(arguments, reader: "until [ -e end ]; do sleep 0.1; done")
        // About 1,300 lines fill the pipe and the buffer.
        try await eventually("the third epoch in the log") {
            log(run).contains("Epoch [3/99], Step [100/600]")
        }
        let train = try #require(bench.running("train").first { isTern($0) })
        kill(train, SIGTERM)
        #expect(try await status() == 143)
        #expect(try run.summary.status == "interrupted")
        #expect(!run.checkpoints.isEmpty)
        _ = try writeFile("end", [])
        #expect(try await shell.end().errors == "")
        try await bench.nothingRuns()
    }

    private func log(_ run: RunFolder) -> String { (try? run.text("coordinator.log")) ?? "" }

    private func isTern(_ pid: pid_t) -> Bool {
        let words = words(ofFile: "/proc/\(pid)/cmdline")
        return words.first?.hasSuffix("/tern") == true && !words.contains("--supervised")
    }

    @Test("if the reader reads late: it gets all results, and a note about omitted lines")
    func late() async throws {
        let run = RunFolder()
        let arguments = Self.chatty.with("--epochs", "4").arguments(
            try SampleData.large(), into: run)
        let shell = try start(
            arguments, reader: "until [ -e go ]; do sleep 0.1; done; cat")
        try await eventually("the end of training") {
            log(run).contains("training is finished")
        }
        _ = try writeFile("go", [])
        let ending = try await shell.end()
        #expect(try await status() == 0)
        for epoch in 1...4 { #expect(ending.output.contains("Epoch [\(epoch)/4] done: ")) }
        #expect(ending.output.contains("  model          \(run.path("model.safetensors"))\n"))
        let steps = ending.output.components(separatedBy: "], Loss: ").count - 1
        let leftOut = ending.output.split(separator: "\n").compactMap { line in
            line.contains(" left out here: ") ? Int(line.prefix { $0.isNumber }) : nil
        }
        #expect(!leftOut.isEmpty)
        #expect(steps + leftOut.reduce(0, +) == 2400)
        // Files always have all lines.
        #expect(
            try run.text("coordinator.log").components(separatedBy: "], Loss: ").count == 2401)
    }

    @Test("if the descriptor is non-blocking")
    func nonBlocking() async throws {
        let run = RunFolder()
        let arguments = Recipe.small.with("--epochs", "200", "--log-every", "1").arguments(
            try SampleData(), into: run)
        // The reader reads a few hundred lines a second.
        let slow = "while IFS= read -r line; do printf '%s\\n' \"$line\"; sleep 0.0002; done"
        let perl = "use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die; exec @ARGV"
        let script = "perl -e '\(perl)' \"$@\" | { \(slow); }"
        let ending = try await bench.start(["sh", "-c", script, "sh", ternPath] + arguments).end()
        let epochs = ending.output.split(separator: "\n").filter { $0.contains("] done: ") }
        #expect(epochs.count == 200)
        #expect(ending.output.contains("  model          \(run.path("model.safetensors"))\n"))
    }

    @Test("and a result that cannot be printed is a failure, unless the reader has gone")
    func results() async throws {
        let data = try SampleData()
        let run = RunFolder()
        _ = try await Recipe.small.train(data, into: run)
        let model = run.path("model.safetensors")
        for arguments in [
            ["--help"], ["--version"], [], ["verify", "--help"], ["verify", run.path],
            ["verify", run.path, "--format", "json"], ["inspect", model],
            ["evaluate", model, "--data", data.folder], ["dataset", "info", "--data", data.folder],
            ["export", model, "--pytorch", bench.path("model.py")],
            ["predict", model, data.path(SampleData.testImages), "--index", "0-199"],
            ["bench", "step", "--hidden", "8", "--seconds", "0.01"],
            ["bench", "round", "--values", "2000", "--rounds", "10", "--repeat", "1"],
            ["top", run.path], ["runs", bench.folder], ["runs", bench.folder, "--format", "json"],
            ["report", run.path, "--output", "-"], ["report", run.path, "--format", "markdown"],
            ["train", "--resume", run.path],
        ] {
            for (redirection, reason) in [
                (">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
            ] {
                let ending = try await bench.start(
                    ["sh", "-c", "exec \"$@\" \(redirection)", "sh", ternPath] + arguments
                ).end()
                expectRefusal(ending, status: 74, ["cannot write to standard output: \(reason)"])
            }
            let gone = "{ \"$@\"; echo $? >&2; } | true"
            let ending = try await bench.start(["sh", "-c", gone, "sh", ternPath] + arguments).end()
            #expect(ending.errors == "0\n", "\(arguments)")
        }
    }
}
