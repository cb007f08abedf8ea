import FoundationEssentials
import Glibc
import Requirements
import Testing

/// Permission to make system calls of other processes fail.
private let injection = Requirement("strace, and leave to trace") {
    canRun(["strace", "-f", "-o", "/dev/null", "-e", "inject=getppid:error=EPERM", "true"])
}

@Suite(
    "A failing system call is reported or worked around", .bench,
    .needs(injection))
struct SystemCallTests {
    /// Runs `tern` while system calls fail.
    ///
    /// - Parameters:
    ///   - faults: faults in strace's form, such as `flock:error=ENOSYS`.
    ///   - path: the file or folder of the failing calls, as a path or as a name relative to an
    ///     open folder; nil for any.
    private func tern(
        _ arguments: [String], failing faults: [String], on path: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> Ending {
        try await start(arguments, failing: faults, on: path, environment: environment).end()
    }

    private func start(
        _ arguments: [String], failing faults: [String], on path: String? = nil,
        environment: [String: String] = [:]
    ) throws -> TernProcess {
        let calls = faults.compactMap { $0.split(separator: ":").first }.joined(separator: ",")
        let options = ["-f", "-qqq", "-o", bench.path("trace"), "-e", "trace=\(calls)"]
        return try bench.start(
            ["strace"] + options
                + (path.map { ["-P", $0, "-P", URL(filePath: $0).lastPathComponent] } ?? [])
                + faults.flatMap { ["-e", "inject=\($0)"] } + [ternPath] + arguments,
            environment: environment)
    }

    private static let recipe = Recipe.small.with("--epochs", "1", "--workers", "1")

    @Test(
        "if one kind of lock is missing, by using the other",
        arguments: ["ENOSYS", "EOPNOTSUPP", "ENOLCK"])
    func oneLock(error: String) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let arguments = Self.recipe.arguments(data, into: run)
        let ending = try await tern(arguments, failing: ["flock:error=\(error)"])
        _ = try run.completed(ending)
        #expect(!ending.output.contains("warning"), "\(ending)")
    }

    @Test("if one kind of lock is missing, and a second coordinator is still rejected")
    func secondCoordinator() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let listen = ["--listen", "ipc://\(bench.path("socket"))"]
        let first = try start(
            Recipe.small.arguments(for: "coordinator", data, into: run) + listen,
            failing: ["flock:error=ENOSYS"])
        try await first.line("workers join with")
        let second = try await tern(
            ["train", "--resume", run.path], failing: ["flock:error=ENOSYS"])
        expectRefusal(second, status: 73, ["is in use by another coordinator"])
        for coordinator in bench.running("coordinator") { kill(coordinator, SIGTERM) }
        try await first.end()
    }

    @Test("if there are no locks, with a warning")
    func noLocks() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let ending = try await tern(
            Self.recipe.arguments(data, into: run), failing: ["flock,fcntl:error=ENOSYS"],
            on: run.path("coordinator.log"))
        _ = try run.completed(ending)
        let line =
            "the file system of \(run.path) has no locks (Function not implemented): make sure"
        #expect(ending.output.contains("warning: \(line)"), "\(ending)")
    }

    @Test(
        "if a hard link for a key fails", arguments: ["EPERM", "EOPNOTSUPP", "EMLINK", "ENOSYS"])
    func keyWithoutLinks(error: String) async throws {
        let path = bench.path("new/key")
        let ending = try await tern(
            ["key", "coordinator", "--key", path], failing: ["link:error=\(error)"])
        #expect(ending.status == 0, "\(ending)")
        #expect(try readFile(path).count == 84)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("new"))
        #expect(names == ["key"])
    }

    @Test("if a folder cannot be synced, unless its file system never can")
    func sync() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let arguments = Self.recipe.arguments(data, into: run)
        expectRefusal(
            try await tern(arguments, failing: ["fsync:error=EIO"], on: run.path), status: 74,
            ["cannot sync \(run.path): Input/output error: the disk or network drive has failed"])
        let other = RunFolder("other")
        let ending = try await tern(
            Self.recipe.arguments(data, into: other), failing: ["fsync:error=EINVAL"],
            on: other.path)
        _ = try other.completed(ending)
    }

    @Test(
        "if a folder of checkpoints cannot be read, which does not count as empty",
        arguments: [
            ("openat:error=EACCES", "Permission denied"),
            ("getdents64:error=EIO", "Input/output error"),
            ("openat:error=ESTALE", "Stale file handle"),
        ])
    func checkpoints(fault: String, reason: String) async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let weights = try await Self.recipe.train(data, into: run).weights
        expectRefusal(
            try await tern(
                ["train", "--resume", run.path], failing: [fault], on: run.path("checkpoints")),
            status: 74, ["cannot read \(run.path)/checkpoints: \(reason)"])
        #expect(try await run.resume().weights == weights)
    }

    @Test("if a temporary folder cannot be created where TMPDIR says")
    func temporaryFolder() async throws {
        let (data, run) = (try SampleData(), RunFolder())
        let arguments = Self.recipe.arguments(data, into: run)
        let none = bench.path("none")
        expectRefusal(
            try await tern(
                arguments, failing: ["flock:error=EINTR:when=1"], environment: ["TMPDIR": none]),
            status: 74,
            ["cannot make a folder in \(none): No such file or directory", "with TMPDIR"])
        let own = bench.path("t")
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
        // As on a machine with a read-only /tmp.
        let ending = try await tern(
            ["train", "--resume", run.path], failing: ["mkdir,mkdirat:error=EROFS"], on: "/tmp",
            environment: ["TMPDIR": own])
        _ = try run.completed(ending)
        #expect(try FileManager.default.contentsOfDirectory(atPath: own).isEmpty)
    }

    /// System calls that fail on one of the run's files.
    private static let faults = [
        (".", "mkdir", "EROFS"), (".", "openat", "EMFILE"), (".", "fsync", "ENOSPC"),
        ("coordinator.log", "openat", "EACCES"), ("coordinator.log", "write", "ENOSPC"),
        ("coordinator.log", "flock", "EBADF"), ("config.json", "renameat", "EIO"),
        ("steps.csv", "openat", "EROFS"), ("steps.csv", "write", "EDQUOT"),
        ("steps.csv", "ftruncate", "EIO"), ("metrics.jsonl", "write", "EIO"),
        ("events.jsonl", "openat", "EROFS"), ("events.jsonl", "write", "ENOSPC"),
        ("checkpoints", "mkdirat", "EACCES"), ("checkpoints", "getdents64", "ESTALE"),
        ("checkpoints", "fsync", "EIO"), ("model.safetensors", "renameat", "EDQUOT"),
    ]

    @Test("on any file of a run, and the error names the file in one line")
    func anyCall() async throws {
        let data = try SampleData()
        for (index, (file, call, error)) in Self.faults.enumerated() {
            let run = RunFolder("run-\(index)")
            let path = file == "." ? run.path : run.path(file)
            let ending = try await tern(
                Self.recipe.arguments(data, into: run), failing: ["\(call):error=\(error)"],
                on: path)
            guard ending.status != 0 else { continue }
            expectRefusal(ending, status: 74, ["cannot ", run.path])
        }
        #expect(bench.running() == [])
    }
}
