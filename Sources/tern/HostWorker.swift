import Glibc
import Keys
import Launching
import Subprocess
import ZeroMQ

/// A launch's worker on a host.
final class HostWorker: WorkerProcess {
    /// The host.
    let host: Host
    let prefix: String?
    private let login: HostLogin
    private let key: JobKey
    private let logLevel: String
    private let state = Locked(State())

    private struct State {
        var isEnding = false
        var connection: HostConnection?
        /// The preflight login, which waits for the launch to continue or end.
        var first: First?
    }

    private struct First {
        let pid: Locked<pid_t?>
        let task: Task<Int32?, any Error>
        let go: AsyncStream<Void>.Continuation
        let said: Locked<(@Sendable (String) -> Void)?>
    }

    /// How long a worker tries to reconnect to a lost coordinator, in seconds.
    private static let joinTimeout = 60

    /// A worker on a host, not logged in yet.
    init(
        on host: Host, by login: HostLogin, _ key: JobKey, logLevel: String, prefix: String?
    ) {
        (self.host, self.login, self.key) = (host, login, key)
        (self.logLevel, self.prefix) = (logLevel, prefix)
    }

    var name: String { host.description }
    var isEnding: Bool { state.withLock { $0.isEnding } }

    func title(_ pid: pid_t) -> String { "the worker on \(name)" }

    func end() {
        let (connection, first) = state.withLock { state in
            state.isEnding = true
            return (state.connection, state.first)
        }
        first?.go.finish()
        connection?.end()
    }

    /// Logs in and probes the host; the login stays open for the first run.
    func look() async -> HostReport {
        let (reports, report) = AsyncStream<HostReport>.makeStream()
        let (gate, go) = AsyncStream<Void>.makeStream()
        let said = Locked<(@Sendable (String) -> Void)?>(nil)
        let pid = Locked<pid_t?>(nil)
        let task = Task {
            defer { report.finish() }
            return try await session(
                isMeasured: true,
                started: { process in pid.withLock { $0 = process } },
                said: { line in said.withLock { $0 }?(line) }
            ) { ready in
                report.yield(HostReport(self.host, .success(ready)))
                for await _ in gate { return true }
                return false
            }
        }
        state.withLock { $0.first = First(pid: pid, task: task, go: go, said: said) }
        for await report in reports { return report }
        do {
            _ = try await task.value
            return HostReport(host, .failure(.disconnected("")))
        } catch let error as HostError {
            return HostReport(host, .failure(error))
        } catch {
            return HostReport(host, .failure(.refused("\(error)")))
        }
    }

    func run(
        started: @escaping @Sendable (pid_t) -> Void, said: @escaping @Sendable (String) -> Void
    ) async throws -> ChildEnd {
        let first = state.withLock { state in
            defer { state.first = nil }
            return state.first
        }
        let process = first?.pid ?? Locked<pid_t?>(nil)
        let status: Int32?
        do {
            if let first {
                // After preflight, a ready host already has a process on this machine.
                if let pid = process.withLock({ $0 }) { started(pid) }
                first.said.withLock { $0 = said }
                first.go.yield()
                status = try await withTaskCancellationHandler {
                    try await first.task.value
                } onCancel: {
                    first.task.cancel()
                }
            } else {
                status = try await session(
                    isMeasured: false,
                    started: { pid in
                        process.withLock { $0 = pid }
                        started(pid)
                    }, said: said
                ) { _ in true }
            }
        } catch let error as HostError {
            throw LostWorker(reason: "\(error)")
        }
        guard let status else { throw LostWorker(reason: "the connection ended") }
        guard status != ExitStatus.noAnswer else {
            throw LostWorker(reason: "its worker does not reach the coordinator")
        }
        let isKilled = status > 128 && !ExitStatus.isReasoned(status)
        return ChildEnd(
            pid: process.withLock { $0 } ?? 0,
            status: isKilled ? .signaled(status - 128) : .exited(status),
            host: name)
    }

    /// Runs one login.
    private func session(
        isMeasured: Bool, started: @escaping @Sendable (pid_t) -> Void,
        said: @escaping @Sendable (String) -> Void,
        isToStart: @escaping @Sendable (ReadyHost) async -> Bool
    ) async throws -> Int32? {
        defer { state.withLock { $0.connection = nil } }
        return try await login.run(
            on: host, isMeasured: isMeasured, started: started, said: said,
            connected: { connection in
                let isEnding = state.withLock { state in
                    state.connection = connection
                    return state.isEnding
                }
                if isEnding { connection.end() }
            },
            arguments: { ready in
                guard await isToStart(ready) else { return nil }
                return (self.arguments(ready), key.line)
            })
    }

    /// The arguments of `tern` on the host.
    func arguments(_ ready: ReadyHost) -> [String] {
        [
            "worker", "--connect", ready.endpoint, "--key", KeyPlace.standardInput, "--lifeline",
            "--threads", "\(ready.lanes)", "--join-timeout", "\(Self.joinTimeout)", "--log-level",
            logLevel, "--log-format", "text",
        ]
    }

    /// Waits until the preflight login has ended, if there is one.
    func finishLooking() async {
        let first = state.withLock { $0.first }
        _ = await first?.task.result
    }
}
