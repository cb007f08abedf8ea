import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

/// The temporary folder and the processes of one test case.
///
/// All descendants of these processes inherit an environment variable, which identifies them even
/// after their parents have ended.
final class Workbench: Sendable {
    /// The bench of the running test case.
    @TaskLocal fileprivate static var current: Workbench?

    let folder: String
    /// The key of the bench's coordinators, and the credential of its workers.
    let keys: PoolKeys
    private let mark = "TERN_TEST_BENCH=\(UUID())"
    private let started = Mutex<[TernProcess]>([])
    /// The next process's number, because concurrent processes must not write to the same files.
    private let nextNumber = Mutex(0)

    fileprivate init() throws {
        let temporary = FileManager.default.temporaryDirectory
        folder = temporary.appending(path: "tern-process-\(UUID())").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        keys = try PoolKeys(in: "\(folder)/keys")
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Starts a program with these arguments.
    func start(
        _ command: [String], environment: [String: String] = [:], terminal: String? = nil
    ) throws -> TernProcess {
        var variables = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("TERN_")
        }
        variables.merge(keys.variables) { $1 }
        // No worker's secret may stay in this user's home.
        variables["XDG_CONFIG_HOME"] = path("config")
        // Tests must not depend on the terminal that they run in.
        variables["TERM"] = "xterm"
        variables["NO_COLOR"] = nil
        variables.merge(environment) { $1 }
        let number = nextNumber.withLock { number in
            defer { number += 1 }
            return number
        }
        let process = try TernProcess(
            command, environment: variables.map { "\($0)=\($1)" } + [mark], folder: folder,
            output: path("process-\(number).out"), errors: path("process-\(number).err"),
            terminal: terminal)
        started.withLock { $0.append(process) }
        return process
    }

    /// The running processes of this bench, by default all, or those with a word among their
    /// arguments.
    func running(_ argument: String? = nil) -> [pid_t] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { pid_t($0) }.filter { pid in
            guard words(ofFile: "/proc/\(pid)/environ").contains(mark) else { return false }
            return argument.map { words(ofFile: "/proc/\(pid)/cmdline").contains($0) } ?? true
        }
    }

    /// Waits until all processes of this bench and their descendants have ended.
    func nothingRuns() async throws {
        try await eventually("\(running()) still run") { running().isEmpty }
    }

    fileprivate func carryOut(
        _ function: @Sendable () async throws -> Void
    ) async -> Result<Void, any Error> {
        do {
            return .success(try await Self.$current.withValue(self) { try await function() })
        } catch {
            return .failure(error)
        }
    }

    fileprivate func clear() async {
        for process in started.withLock({ $0 }) { process.kill() }
        do {
            try await nothingRuns()
        } catch {
            Issue.record(error)
            for pid in running() { Glibc.kill(pid, SIGKILL) }
        }
        for process in started.withLock({ $0 }) { process.reap() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// The zero-terminated words of a file in `/proc`; none if the process has ended.
func words(ofFile path: String) -> [String] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}

/// The bench of the calling test case.
var bench: Workbench {
    guard let bench = Workbench.current else { fatalError("the suite lacks the trait .bench") }
    return bench
}

/// Gives each test case a ``Workbench``, and ensures that no process outlives the case.
struct WorkbenchTrait: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true
    /// Whether its cases run before those of other suites.
    let isFirst: Bool

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Turnstile.processTests.enter(first: isFirst)
        let result: Result<Void, any Error>
        do {
            let bench = try Workbench()
            result = await bench.carryOut(function)
            await bench.clear()
        } catch {
            result = .failure(error)
        }
        await Turnstile.processTests.leave()
        try result.get()
    }
}

extension Trait where Self == WorkbenchTrait {
    /// A folder and processes for each test case.
    static var bench: Self { Self(isFirst: false) }
    /// The same, for a suite that runs one case after another: if it began late, it would end long after all
    /// others.
    static var earlyBench: Self { Self(isFirst: true) }
}
