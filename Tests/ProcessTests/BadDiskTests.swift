import Glibc
import Requirements
import Testing

/// Private mounts, which vanish with their process.
private let ownMounts = Requirement("user namespaces, or root, and a tmpfs") {
    canRun(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"])
}

@Suite("A disk problem ends the run with one line and loses no checkpoint", .bench)
struct BadDiskTests {
    /// Runs `tern` with a file system mounted at the run's folder, and finally copies the folder's
    /// content to `kept` beside it.
    private func tern(_ arguments: [String], mount options: String) async throws -> Ending {
        let script = """
            mkdir "$1" && mount -t tmpfs -o "$2" tmpfs "$1" || exit 99
            folder="$1"; kept="$3"; shift 3
            "$@"; status=$?
            cp -r "$folder" "$kept"; exit $status
            """
        let (disk, kept) = (bench.path("disk"), bench.path("kept"))
        let command = ["unshare", "-rm", "sh", "-c", script, "sh", disk, options, kept, ternPath]
        return try await bench.start(command + arguments).end()
    }

    @Test(
        "on a disk that fills up, and with more space the run resumes to the same bits",
        .needs(ownMounts),
        arguments: [40, 64, 100, 160])
    func full(kilobytes: Int) async throws {
        let data = try SampleData()
        let recipe = Recipe.small.with("--epochs", "60", "--log-every", "1", "--workers", "2")
        let calm = try await recipe.train(data, into: RunFolder("calm"))
        let ending = try await tern(
            recipe.arguments(data, into: RunFolder("disk/run")), mount: "size=\(kilobytes)k")
        expectRefusal(
            ending, status: 74,
            ["No space left on device: free space on that disk, or choose another with --run-dir"])
        #expect(bench.running() == [])

        let kept = RunFolder("kept/run")
        #expect(try await kept.resume().weights == calm.weights)
    }

    @Test(
        "on a disk without any space",
        .needs(ownMounts))
    func noRoom() async throws {
        let arguments = Recipe.small.arguments(try SampleData(), into: RunFolder("disk/run"))
        expectRefusal(
            try await tern(arguments, mount: "size=4k,nr_inodes=2"), status: 74,
            ["cannot write \(bench.path("disk/run"))/", "No space left on device: free space"])
    }

    @Test(
        "on a read-only disk",
        .needs(ownMounts))
    func readOnly() async throws {
        let arguments = Recipe.small.arguments(try SampleData(), into: RunFolder("disk/run"))
        expectRefusal(
            try await tern(arguments, mount: "ro"), status: 74,
            [
                "cannot make the folder \(bench.path("disk/run")): Read-only file system",
                "choose a folder on a disk that can be written, with --run-dir",
            ])
    }

    @Test("in a folder without write permission", .needs(Unprivileged.user))
    func noPermission() async throws {
        #expect(mkdir(bench.path("locked"), 0o555) == 0)
        let arguments = Recipe.small.arguments(try SampleData(), into: RunFolder("locked/run"))
        let process = try bench.start(Unprivileged.command + [ternPath] + arguments)
        expectRefusal(
            try await process.end(), status: 74,
            [
                "cannot make the folder", "Permission denied",
                "choose a folder that you may write",
            ])
    }

    @Test("at the system's limit for file sizes")
    func fileSize() async throws {
        let recipe = Recipe.small.with("--epochs", "100", "--log-every", "1")
        let arguments = recipe.arguments(try SampleData(), into: RunFolder())
        // In blocks of 512 bytes; the log grows larger.
        let limit = "ulimit -f 48 && exec \"$@\""
        let process = try bench.start(["sh", "-c", limit, "sh", ternPath] + arguments)
        expectRefusal(
            try await process.end(), status: 74,
            ["cannot write \(bench.path("run"))/", "File too large: raise the limit"])
        #expect(try RunFolder().summary.status == "failed")
        #expect(!RunFolder().checkpoints.isEmpty)
    }
}
