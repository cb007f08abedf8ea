import Foundation
import Requirements

/// A login on this machine as the same user, with the system's real ssh and sshd.
///
/// It needs no port: each connection has its own sshd at the other end of a pipe.
struct SecureShell {
    private static let serverPath = "/usr/sbin/sshd"

    /// The package with the server.
    static let server = Requirement("the package openssh-server") {
        FileManager.default.isExecutableFile(atPath: serverPath)
    }

    /// The command to use in place of `ssh`.
    let command: String

    /// Creates keys and settings on the bench.
    ///
    /// - Parameters:
    ///   - home: the home folder of logged-in users.
    ///   - loginShell: the shell that runs the commands, such as `fish`.
    init(home: String, loginShell: String = "sh") async throws {
        // An sshd that runs as root needs this folder.
        try? FileManager.default.createDirectory(
            atPath: "/run/sshd", withIntermediateDirectories: false)
        for key in ["host", "user"] {
            let path = bench.path("\(key)-id")
            let maker = try bench.start(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
            guard try await maker.end().status == 0 else {
                throw TestFailure(description: "ssh-keygen failed: \(maker.errors)")
            }
        }
        let settings = """
            HostKey \(bench.path("host-id"))
            AuthorizedKeysFile \(bench.path("user-id.pub"))
            StrictModes no
            UsePAM no
            ForceCommand HOME='\(home)' exec \(loginShell) -c "$SSH_ORIGINAL_COMMAND"
            """
        let options = """
            ProxyCommand \(Self.serverPath) -i -f \(bench.path("sshd.conf"))
            IdentityFile \(bench.path("user-id"))
            IdentitiesOnly yes
            StrictHostKeyChecking no
            UserKnownHostsFile /dev/null
            LogLevel ERROR
            """
        for (name, lines) in [("sshd.conf", settings), ("ssh.conf", options)] {
            try Data((lines + "\n").utf8).write(to: URL(filePath: bench.path(name)))
        }
        command = "ssh -F \(bench.path("ssh.conf"))"
    }
}
