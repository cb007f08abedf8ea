import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("A run's folder from an attacker", .bench)
struct ForeignRunTests {
    private static let link = "is a symbolic link: a run's files must lie in its own folder: put"
    private static let links = "has 2 hard links: writing it would change it under its other names"

    /// A trap in place of a run's file, a command, and the expected error.
    private struct Case {
        let file: String
        let trap: Trap
        let command: [String]
        let line: String

        init(_ file: String, _ trap: Trap, _ command: [String], _ line: String) {
            (self.file, self.trap, self.command, self.line) = (file, trap, command, line)
        }
    }

    private func cases(_ run: RunFolder) -> [Case] {
        let (resume, verify) = (["train", "--resume", run.path], ["verify", run.path])
        return [
            Case("coordinator.log", .link, resume, Self.link),
            Case("coordinator.log", .danglingLink, resume, Self.link),
            Case("coordinator.log", .hardLink, resume, Self.links),
            Case("coordinator.log", .pipe, resume, "It is not a regular file"),
            Case("steps.csv", .link, resume, Self.link),
            Case("steps.csv", .hardLink, resume, Self.links),
            Case("metrics.jsonl", .link, resume, Self.link),
            Case("events.jsonl", .link, resume, Self.link),
            Case("events.jsonl", .hardLink, resume, Self.links),
            Case("logs", .link, resume, Self.link),
            Case("logs/worker-1.log", .link, resume, Self.link),
            Case("config.json", .link, resume, Self.link),
            Case("config.json", .pipe, resume, "It is not a regular file"),
            Case("checkpoints", .link, resume, Self.link),
            Case("checkpoints/step-000000012.safetensors", .link, resume, Self.link),
            Case("steps.csv", .link, verify, Self.link),
            Case("config.json", .danglingLink, verify, Self.link),
            Case("checkpoints", .link, verify, Self.link),
            Case("model.safetensors", .link, ["evaluate", run.path], Self.link),
            Case("config.json", .link, ["evaluate", run.path], Self.link),
            Case("model.safetensors", .link, ["inspect", run.path], Self.link),
            Case("model.safetensors", .link, ["export", run.path, "--pytorch", "m.py"], Self.link),
        ]
    }

    /// The state of an outside file or folder: its bytes and the time of its last change.
    private func state(_ path: String) throws -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return try ([path] + names.sorted().map { "\(path)/\($0)" }).map { path in
            var status = stat()
            #expect(lstat(path, &status) == 0)
            let isFile = status.st_mode & S_IFMT == S_IFREG
            return "\(path) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
                + "\(isFile ? try readFile(path) : [])"
        }
    }

    @Test("with a link, a pipe or a hard link is rejected in one line, and not changed")
    func traps() async throws {
        let run = RunFolder()
        let weights = try await Recipe.small.train(try SampleData(), into: run).weights
        let (files, victim) = (FileManager.default, bench.path("victim"))
        for each in cases(run) {
            let path = run.path(each.file)
            try files.moveItem(atPath: path, toPath: victim)
            #expect(each.trap.set(at: path, victim: victim))
            let before = try state(victim)
            try await expectRefusal(each.command, status: 74, path, each.line)
            #expect(try state(victim) == before, "\(each)")
            #expect(!files.fileExists(atPath: "\(victim).none"), "\(each)")
            #expect(unlink(path) == 0)
            try files.moveItem(atPath: victim, toPath: path)
        }
        #expect(try await run.resume().weights == weights)
        #expect(try await tern(["verify", run.path]).status == 0)
    }

    @Test(
        "that holds a link accepts no new run",
        arguments: [[], ["--restart", "1"]])
    func begin(options: [String]) async throws {
        let (data, run, victim) = (try SampleData(), RunFolder(), bench.path("victim"))
        try Data("export PATH\n".utf8).write(to: URL(filePath: victim))
        #expect(mkdir(run.path, 0o755) == 0)
        #expect(Trap.link.set(at: run.path("coordinator.log"), victim: victim))
        let before = try state(victim)
        try await expectRefusal(
            Recipe.small.arguments(data, into: run) + options, status: 74,
            run.path("coordinator.log"), Self.link)
        #expect(try state(victim) == before)
    }

    @Test(
        "with a configuration that names a pipe or a device does not make Tern wait or use it"
    )
    func configuration() async throws {
        let (data, first, run) = (try SampleData(), RunFolder("first"), RunFolder())
        _ = try await Recipe.small.train(data, into: first)
        let weights = first.path("model.safetensors")
        let recipe = Recipe.small.with("--initial-weights", weights)
        let summary = try await recipe.train(data, into: run)
        let (text, pipe) = (try run.text("config.json"), bench.path("pipe"))
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero", "/dev/tty"] {
            // JSON may escape slashes.
            let named = [weights, weights.replacing("/", with: "\\/")].reduce(text) {
                text, weights in
                text.replacing(weights, with: path)
            }
            #expect(named != text)
            try Data(named.utf8).write(to: URL(filePath: run.path("config.json")))
            try await expectRefusal(
                ["verify", run.path], status: 74,
                "cannot read \(path): It is not a regular file")
            // With a checkpoint, initial weights are not needed.
            #expect(try await run.resume().weights == summary.weights)
        }
    }

    @Test("may be named through a link, and so may a model and data")
    func named() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let weights = try await Recipe.small.train(data, into: run).weights
        for (link, target) in [
            ("latest", run.path), ("best.safetensors", run.path("model.safetensors")),
            ("images", data.folder),
        ] { #expect(symlink(target, bench.path(link)) == 0) }
        for command in [
            ["verify", "latest"], ["evaluate", "latest"], ["inspect", "best.safetensors"],
            ["evaluate", "best.safetensors", "--data", "images"],
        ] {
            let ending = try await tern(command)
            #expect(ending.status == 0, "\(command) \(ending)")
        }
        let ending = try await tern(["train", "--resume", "latest"])
        #expect(try run.completed(ending).weights == weights)
    }

    @Test(
        "and its files get permissions from the umask", arguments: [0o000, 0o002, 0o027, 0o077])
    func umask(mask: Int) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let script = "umask \(String(mask, radix: 8)) && exec \"$@\""
        let process = try bench.start(
            ["sh", "-c", script, "sh", ternPath] + Recipe.small.arguments(data, into: run))
        _ = try run.completed(try await process.end())
        let names = try FileManager.default.subpathsOfDirectory(atPath: run.path)
        #expect(names.contains("events.jsonl") && names.contains("logs/worker-1.log"))
        for path in [run.path] + names.map(run.path) {
            var status = stat()
            #expect(lstat(path, &status) == 0)
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            let expected = (isFolder ? 0o777 : 0o666) & ~mask
            #expect(Int(status.st_mode & 0o7777) == expected, "\(path)")
        }
    }
}
