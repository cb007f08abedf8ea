import Glibc
import Subprocess

/// A login session on a host.
public struct HostSession: Sendable {
    /// The host.
    public let host: Host
    private let shell: RemoteShell
    private let tunnel: RemoteShell.Tunnel?

    /// A session that has not begun.
    ///
    /// - Parameter tunnel: a port of the host to forward to this machine.
    public init(_ host: Host, by shell: RemoteShell, through tunnel: RemoteShell.Tunnel? = nil) {
        (self.host, self.shell, self.tunnel) = (host, shell, tunnel)
    }

    /// Logs in, carries out `body`, and logs out.
    ///
    /// One login carries everything. A shell on the host runs the script `host.sh`, which reads
    /// commands from its standard input. The input ends with the connection, and then everything on
    /// the host ends.
    /// - Parameters:
    ///   - started: gets the process on this machine, which lasts as long as the session.
    ///   - said: gets each line that the program on the host prints.
    /// - Throws: ``HostError``, or what `body` throws.
    public func run<Result: Sendable>(
        started: (pid_t) -> Void, said: @escaping @Sendable (String) -> Void,
        _ body: (HostConnection) async throws -> Result
    ) async throws -> Result {
        var options = PlatformOptions()
        // Ctrl-C at the terminal must reach only the run, which then ends its workers in order.
        options.createSession = true
        let words = shell.words(for: host, through: tunnel)
        let outcome = try await Subprocess.run(
            .name(words[0]), arguments: Arguments(Array(words.dropFirst())),
            platformOptions: options, input: .inputWriter, output: .sequence,
            error: .combinedWithOutput
        ) { execution in
            let pid = execution.processIdentifier.value
            started(pid)
            let connection = HostConnection(execution.standardInputWriter, pid: pid, said: said)
            let reading = Task {
                try? await execution.standardOutput.forEachLine { connection.hear($0) }
                connection.close()
            }
            defer { connection.end() }
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(connection))
            } catch {
                result = .failure(error)
            }
            await connection.finish()
            await reading.value
            return result
        }
        return try outcome.closureResult.get()
    }
}
