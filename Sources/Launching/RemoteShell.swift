import FoundationEssentials
import Subprocess

/// The user's own ssh, which asks no question.
public struct RemoteShell: Sendable {
    /// The command that stands for `ssh`, as a shell reads it; nil for `ssh` itself.
    private let command: String?
    /// Whether a host gets at the user's agent.
    private let forwardsAgent: Bool

    /// The variable that names a command in place of `ssh`, such as `ssh -p 2222 -i id`.
    public static let variable = "TERN_SSH"

    /// The ssh that the environment asks for.
    ///
    /// - Parameter forwardsAgent: whether a host gets at the user's agent, to log in on others.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        forwardsAgent: Bool = false
    ) {
        self.forwardsAgent = forwardsAgent
        let named = environment[Self.variable] ?? ""
        command = named.isEmpty ? nil : named
    }

    /// A port of a host that leads to one of this machine.
    public struct Tunnel: Hashable, Sendable {
        /// The port on the host's loopback address.
        public let port: UInt16
        /// Where it leads to.
        public let target: UInt16

        /// A tunnel to a port of this machine.
        public init(port: UInt16, to target: UInt16) { (self.port, self.target) = (port, target) }
    }

    /// How long ssh tries to connect, and how long a connection may be silent.
    static let patience = (connecting: 8, silence: 5, silences: 3)

    /// What the host's login shell does, of whatever kind it is: a POSIX shell reads the length of a script,
    /// the script, and what the script reads.
    ///
    /// All shells take what stands in single quotes as it is, as long as it is one line without a quote, a
    /// backslash or an exclamation mark.
    static let start = #"exec sh -c 'read -r n && eval "$(head -c "$n")"'"#

    /// The words of the command that runs ``start`` on a host.
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
