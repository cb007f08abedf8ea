import FoundationEssentials
import Glibc
import Testing

@Suite("tern top shows a run", .bench)
struct TopTests {
    private func statuses(_ text: String) throws -> [Status] {
        try text.split(separator: "\n").map {
            try JSONDecoder().decode(Status.self, from: Data($0.utf8))
        }
    }

    @Test("in a pipe as one object a line until the run ends")
    func pipe() async throws {
        let run = RunFolder()
        let cluster = try await Cluster.unhurried(run)
        let top = try start(["top", run.path])
        try await eventually("two lines") { top.output.split(separator: "\n").count > 1 }
        cluster.coordinator.signal(SIGTERM)
        let ending = try await top.end()
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        let all = try statuses(ending.output)
        #expect(all.first?.state == "training" && all.first?.members == 2)
        #expect(all.last?.state == "interrupted")
        #expect(all.map(\.step) == all.map(\.step).sorted())

        // One line for a run that has ended; for a folder, the newest run.
        let once = try await tern(["top", run.path])
        #expect(try statuses(once.output).map(\.state) == ["interrupted"])
        let newest = try await tern(["top", bench.folder])
        #expect(try statuses(newest.output).map(\.run) == ["run"])
    }

    @Test("until its pipe has no reader, and the run continues")
    func closedPipe() async throws {
        let run = RunFolder()
        let cluster = try await Cluster.unhurried(run)
        let shell = try bench.start([
            "bash", "-c", "\"$0\" top \"$1\" | head -n 1; echo \"status ${PIPESTATUS[0]}\"",
            ternPath, run.path,
        ])
        #expect(try await shell.line("status ") == "status 0")
        #expect(try statuses(String(shell.output.split(separator: "\n")[0])).count == 1)
        #expect(!cluster.coordinator.hasEnded)
    }

    @Test("on a terminal, within its columns, until the user types q", arguments: [80, 200, 40])
    func terminal(columns: Int) async throws {
        let run = RunFolder()
        let cluster = try await Cluster.unhurried(run)
        let terminal = try Terminal(columns: UInt16(columns))
        let top = try start(["top", run.path], terminal: terminal)
        try await terminal.shows("WORKER")
        #expect(!terminal.isUsual)
        // A second screen after the first.
        try await eventually("two screens") { screens(terminal.text).count > 2 }
        terminal.press(UInt8(ascii: "q"))
        #expect(try await top.end().status == 0)
        #expect(terminal.isUsual)
        let text = terminal.text
        #expect(text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
        for screen in screens(text) {
            let lines = screen.split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 24)
            for line in lines { #expect(line.count <= columns, "\(line)") }
        }
        #expect(text.contains("run  training"))
        #expect(text.contains("/599,940"), "the steps of all")

        let status = try #require(try statuses(await live(run)).first)
        _ = try await eventually("more steps") {
            try run.metrics.last.map { $0.step > status.step }
        }
        #expect(!cluster.coordinator.hasEnded)
    }

    /// The screens drawn by a terminal's text, without control sequences.
    private func screens(_ text: String) -> [String] {
        text.components(separatedBy: "\u{1B}[H").dropFirst().map {
            // The terminal adds a carriage return before each line break.
            $0.replacing(/\u{1B}\[[?0-9]*[a-zA-Z]/, with: "").replacing("\r\r\n", with: "\r\n")
        }
    }

    /// The status of a live run.
    private func live(_ run: RunFolder) async throws -> String {
        let top = try start(["top", run.path])
        let line = try await top.line("{")
        top.signal(SIGTERM)
        #expect(try await top.end().status == 128 + SIGTERM)
        return line
    }

    @Test(
        "and restores the terminal, whichever signal ends it", arguments: [SIGTERM, SIGINT, SIGHUP])
    func signals(signal: Int32) async throws {
        let run = RunFolder()
        _ = try await Cluster.unhurried(run)
        let terminal = try Terminal()
        let top = try start(["top", run.path], terminal: terminal)
        try await terminal.shows("WORKER")
        top.signal(signal)
        #expect(try await top.end().status == 128 + signal)
        #expect(terminal.isUsual)
        #expect(terminal.text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
    }

    @Test("or reports a folder without a run in one line")
    func nothing() async throws {
        try await expectRefusal(["top", bench.path("none")], status: 66, "holds no run")
        try await expectRefusal(["top", bench.folder], status: 66, "holds no run")
    }
}
