import Foundation
import Requirements
import Testing

/// A hosts file that the processes of a test have in place of the machine's, each in a mount namespace
/// of its own; names that are not in it are unknown.
struct OwnHosts {
    /// What each process has of its own.
    static let namespaces = Requirement("root, and mount namespaces") {
        canRun(["unshare", "--mount", "true"])
    }

    private let hosts: String
    private let services: String

    /// Makes the file of lines such as `127.0.0.2 node0`.
    ///
    /// - Parameter source: what the resolver asks, as `nsswitch.conf` has it.
    init(_ lines: String..., services source: String = "hosts: files") throws {
        hosts = try writeFile("hosts", [])
        services = try writeFile("nsswitch.conf", Array("\(source)\n".utf8))
        try set(lines)
    }

    /// Changes the lines, for processes that run as well.
    func set(_ lines: [String]) throws {
        // The same file: another of its name would not be seen in the namespaces.
        let file = try #require(FileHandle(forWritingAtPath: hosts))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(lines.map { "\($0)\n" }.joined().utf8))
        try file.close()
    }

    /// The command under which a program sees the file.
    func command(_ command: [String], setUp: String = ":") -> [String] {
        let script = """
            mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && \(setUp) && \
            shift 2 && exec "$@"
            """
        return ["unshare", "--mount", "sh", "-c", script, "sh", hosts, services] + command
    }

    /// Starts `tern` so.
    func start(_ arguments: [String]) throws -> TernProcess {
        try bench.start(command([ternPath] + arguments))
    }
}

/// Whether a command ends well on this machine.
func canRun(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}
