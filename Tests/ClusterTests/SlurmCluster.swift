import Foundation
import Glibc
import Requirements
import Synchronization
import Testing

/// A Slurm cluster on this machine with Debian's daemons: a controller, and the nodes n1 and n2.
final class SlurmCluster: Sendable {
    /// The namespaces that its nodes consist of.
    static let namespaces = Requirement("root, and namespaces with a bridge") {
        canRun(
            ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc"]
                + ["ip", "link", "add", "bridge", "type", "bridge"])
    }

    private static let script = packagePath("Scripts/fixtures/slurm-cluster")

    private let folder: String
    private let processes = Mutex<[TernProcess]>([])
    /// A mark that all of the cluster's processes inherit, to find them by.
    private let mark: String

    /// Starts the daemons.
    fileprivate init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tern-slurm-\(UUID())")
            .path(percentEncoded: false)
        mark = "TERN_TEST_CLUSTER=\(folder)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try start([Self.script, folder])
    }

    private func start(_ command: [String]) throws {
        try processes.withLock { processes in
            let path = "\(folder)/daemons-\(processes.count)"
            processes.append(
                try TernProcess(
                    command, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", mark],
                    folder: folder, output: "\(path).out", errors: "\(path).err", terminal: nil))
        }
    }

    /// Ends the daemons, and removes their files.
    fileprivate func stop() async throws {
        let processes = processes.withLock { $0 }
        for process in processes { process.kill() }
        try await eventually("daemons of \(folder) still run") {
            try !FileManager.default.contentsOfDirectory(atPath: "/proc").contains {
                words(ofFile: "/proc/\($0)/environ").contains(mark)
            }
        }
        for process in processes { process.reap() }
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Wraps a command so that it runs on the controller's machine, whose first process is the child of the
    /// first process that was started.
    private func inside(_ command: [String]) throws -> [String] {
        let first = processes.withLock { $0[0].pid }
        let children = try readFile("/proc/\(first)/task/\(first)/children")
        let head = String(decoding: children, as: UTF8.self).split(separator: " ")
        return ["nsenter", "--target", String(try #require(head.first)), "--all"] + command
    }

    /// Runs a command of Slurm in the bench's folder, and returns its output.
    @discardableResult
    func run(
        _ command: [String], environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let settings = ["env", "-C", bench.folder, "SLURM_CONF=\(folder)/slurm.conf"]
        let process = try bench.start(inside(settings + command), environment: environment)
        let ending = try await process.end()
        #expect(ending.status == 0, "\(command): \(ending)", sourceLocation: sourceLocation)
        return ending.output
    }

    /// Repeats a command of Slurm until it prints the expected output.
    func run(_ command: [String], until isExpected: (String) -> Bool) async throws {
        let start = ContinuousClock.now
        while case let output = try await run(command), !isExpected(output) {
            guard .now - start < patience else {
                throw TestFailure(description: "\(command) still prints \(output)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: - Nodes

    /// Waits until both nodes accept jobs.
    func isReady() async throws {
        let commands = folder
        try await eventually("the controller: \(commands)") {
            FileManager.default.fileExists(atPath: "\(folder)/munge.socket")
        }
        try await run(["sinfo", "--noheader", "--Node", "--format=%T"]) { $0 == "idle\nidle\n" }
    }

    /// Ends all processes of a node at once, as in a power cut.
    func cutPower(ofNode number: Int) async throws {
        let path = "\(folder)/n\(number).process"
        let process = String(decoding: try readFile(path), as: UTF8.self)
        try await run(["kill", "-KILL", process.trimmingCharacters(in: .newlines)])
    }

    /// Restarts a node, and waits until it accepts jobs.
    func restoreNode(_ number: Int) async throws {
        try start(inside([Self.script, folder, "start-node", "\(number)"]))
        try await isReady()
    }

    // MARK: - Jobs

    /// Submits a job with `cluster/slurm/tern.sbatch`.
    ///
    /// - Parameters:
    ///   - options: for sbatch.
    ///   - arguments: for `tern slurm`.
    func submit(
        _ options: [String] = [], _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> SlurmJob {
        var environment = environment
        environment["TERN"] = environment["TERN"] ?? ternPath
        let number = try await run(
            ["sbatch", "--parsable", "--cpus-per-task=1"] + options
                + [packagePath("cluster/slurm/tern.sbatch")] + arguments,
            environment: environment)
        return SlurmJob(cluster: self, number: number.trimmingCharacters(in: .newlines))
    }

    /// Submits a job that trains with a recipe.
    func submit(
        _ recipe: Recipe, _ data: SampleData, _ options: [String] = [],
        arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> SlurmJob {
        try await submit(
            options, ["--data", data.folder] + recipe.words + arguments, environment: environment)
    }
}

/// A job on the cluster of the suite.
struct SlurmJob {
    fileprivate let cluster: SlurmCluster
    /// The number of the job in Slurm.
    let number: String

    /// The run that it starts or resumes by default.
    var run: RunFolder { RunFolder("runs/slurm-\(number)") }

    /// The output of its tasks.
    var output: String {
        let bytes = (try? readFile(bench.path("slurm-\(number).out"))) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until the output contains a text.
    func says(_ text: String) async throws {
        try await eventually("\"\(text)\" in \(output)") { output.contains(text) }
    }

    /// Waits for the end of the job, and returns its final state in Slurm.
    func end() async throws -> String {
        var state = ""
        try await cluster.run(["scontrol", "show", "job", "--oneliner", number]) { text in
            state = String(text.firstMatch(of: /JobState=(\w+)/)?.1 ?? "")
            return !["PENDING", "CONFIGURING", "RUNNING", "COMPLETING"].contains(state)
        }
        return state
    }

    /// Waits until the job is pending again, and lets it restart soon instead of after two minutes.
    ///
    /// In the second in which its processes ended, the nodes refuse to start it.
    func restart() async throws {
        try await cluster.run(["squeue", "--noheader", "--job", number, "--format=%T"]) {
            $0 == "PENDING\n"
        }
        try await cluster.run(["scontrol", "update", "JobId=\(number)", "StartTime=now+2seconds"])
    }
}

/// Gives a suite a ``SlurmCluster`` from before its first test until after its last.
struct SlurmTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let cluster = try SlurmCluster()
        let result: Result<Void, any Error>
        do {
            result = .success(try await $slurmCluster.withValue(cluster) { try await function() })
        } catch {
            result = .failure(error)
        }
        try await cluster.stop()
        try result.get()
    }
}

extension Trait where Self == SlurmTrait {
    /// A Slurm cluster for the whole suite.
    static var slurm: Self { Self() }
}

@TaskLocal private var slurmCluster: SlurmCluster?

/// The cluster of the calling test's suite.
var slurm: SlurmCluster {
    guard let cluster = slurmCluster else { fatalError("the suite lacks the trait .slurm") }
    return cluster
}
