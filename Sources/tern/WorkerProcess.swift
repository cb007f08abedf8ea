import Glibc
import Monitoring
import ZeroMQ

/// A process that computes for a run: on this machine, or on a host.
protocol WorkerProcess: Sendable {
    /// What the run's failures and logs call it.
    var name: String { get }

    /// Runs it once, to its end.
    ///
    /// - Parameters:
    ///   - started: told its process on this machine.
    ///   - said: told each line that it prints.
    /// - Throws: ``LostWorker`` if it could not be started, or be reached any more, for now.
    func run(
        started: @escaping @Sendable (pid_t) -> Void, said: @escaping @Sendable (String) -> Void
    ) async throws -> ChildEnd

    /// Asks it to end for good.
    func end()

    /// Whether it was asked to.
    var isEnding: Bool { get }

    /// What a person is told that it is.
    func title(_ pid: pid_t) -> String

    /// What stands on the screen before each line that it prints; nil where only warnings are shown.
    var prefix: String? { get }
}

/// A worker is not to be had for now, and another try may help.
struct LostWorker: Error {
    let reason: String
}
