import Glibc
import Monitoring
import ZeroMQ

/// A worker process of a run, on this machine or on a host.
protocol WorkerProcess: Sendable {
    /// Its name in the run's failures and logs.
    var name: String { get }

    /// Runs it once to its end.
    ///
    /// - Parameters:
    ///   - started: called with its process on this machine.
    ///   - said: called with each line that it prints.
    /// - Throws: ``LostWorker`` if it cannot be started or reached for now.
    func run(
        started: @escaping @Sendable (pid_t) -> Void, said: @escaping @Sendable (String) -> Void
    ) async throws -> ChildEnd

    /// Asks it to end without a restart.
    func end()

    /// Whether it was asked to end.
    var isEnding: Bool { get }

    /// Its title in messages for people.
    func title(_ pid: pid_t) -> String

    /// The prefix of each printed line on the screen; nil to show only warnings.
    var prefix: String? { get }
}

/// A worker is unavailable for now; a retry may help.
struct LostWorker: Error {
    let reason: String
}
