import FoundationEssentials
import Subprocess

/// The user's own ssh, in batch mode, so that it never prompts.
public struct RemoteShell: Sendable {
    /// The shell command to use in place of `ssh`; nil for `ssh`.
    private let command: String?
    /// Whether the host can use the user's ssh agent.
    private let forwardsAgent: Bool

    /// The environment variable with a command in place of `ssh`, such as `ssh -p 2222 -i id`.
    public static let variable = "TERN_SSH"

    /// The ssh that the environment selects.
    ///
    /// - Parameter forwardsAgent: whether a host can use the user's agent to log in on others.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        forwardsAgent: Bool = false
    ) {
        self.forwardsAgent = forwardsAgent
        let named = environment[Self.variable] ?? ""
        command = named.isEmpty ? nil : named
    }

    /// A port of a host that is forwarded to this machine.
    public struct Tunnel: Hashable, Sendable {
        /// The port on the host's loopback address.
        public let port: UInt16
        /// The port on this machine.
        public let target: UInt16

        /// A tunnel to a port of this machine.
        public init(port: UInt16, to target: UInt16) { (self.port, self.target) = (port, target) }
    }

    /// ssh's connection timeout in seconds, the interval of its keepalives in seconds, and how many
    /// may fail.
    static let patience = (connecting: 8, silence: 5, silences: 3)

    /// The command for the host's login shell, of any kind: a POSIX shell reads the length of a
    /// script, the script, and then the script's input.
    ///
    /// All shells take a single-quoted line literally if it has no quote, backslash or exclamation
    /// mark.
    static let start = #"exec sh -c 'read -r n && eval "$(head -c "$n")"'"#

    /// The command line that runs ``start`` on a host.
    public func words(for host: Host, through tunnel: Tunnel? = nil) -> [String] {
        let (connecting, silence, silences) = Self.patience
        var options = [
            "BatchMode=yes", "ConnectTimeout=\(connecting)", "ServerAliveInterval=\(silence)",
            "ServerAliveCountMax=\(silences)",
        ]
        var forward: [String] = []
        if let tunnel {
            options.append("ExitOnForwardFailure=yes")
            forward = ["-R", "127.0.0.1:\(tunnel.port):127.0.0.1:\(tunnel.target)"]
        }
        if forwardsAgent { options.append("ForwardAgent=yes") }
        return (command.map { ["sh", "-c", #"eval "exec $0 \"\$@\"""#, $0] } ?? ["ssh"])
            + ["-T"] + options.flatMap { ["-o", $0] } + forward + host.destination + [Self.start]
    }
}
