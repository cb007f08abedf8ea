import Foundation
import Requirements

/// A way to log in on this machine as the same user, by the system's real ssh and sshd.
///
/// It needs no port: each connection has an sshd of its own, at the other end of a pipe.
struct SecureShell {
    private static let serverPath = "/usr/sbin/sshd"

    /// The server that it starts.
    static let server = Requirement("the package openssh-server") {
        FileManager.default.isExecutableFile(atPath: serverPath)
    }

    /// The command that stands for `ssh`.
    let command: String

    /// Makes keys and settings on the bench.
    ///
    /// - Parameters:
    ///   - home: the folder that those who log in find as their home.
    ///   - loginShell: the shell that reads the commands, such as `fish`.
    init(home: String, loginShell: String = "sh") async throws {
        // Where sshd runs as root, it wants this to be there.
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
