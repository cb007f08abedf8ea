import Glibc
import Subprocess

/// How to log in on a host.
public struct HostSession: Sendable {
    /// The host.
    public let host: Host
    private let shell: RemoteShell
    private let tunnel: RemoteShell.Tunnel?

    /// A session that is not begun.
    ///
    /// - Parameter tunnel: a port of the host that is to lead to one of this machine.
    public init(_ host: Host, by shell: RemoteShell, through tunnel: RemoteShell.Tunnel? = nil) {
        (self.host, self.shell, self.tunnel) = (host, shell, tunnel)
    }

    /// Logs in, carries out `body`, and logs out.
    ///
    /// All goes over one login. A shell on the host carries out the script `host.sh`, which reads what to do
    /// from its standard input. That ends with the connection, and everything there ends with it.
    /// - Parameters:
    ///   - started: told the process on this machine, which lasts as long as the session.
    ///   - said: told each line that the program on the host prints.
    /// - Throws: ``HostError``, or what `body` throws.
    public func run<Result: Sendable>(
        started: (pid_t) -> Void, said: @escaping @Sendable (String) -> Void,
        _ body: (HostConnection) async throws -> Result
    ) async throws -> Result {
        var options = PlatformOptions()
        // Ctrl-C at the terminal is for the run, which then ends its workers in order.
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
