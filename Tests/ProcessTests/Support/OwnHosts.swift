import Foundation
import Requirements
import Testing

/// A hosts file that replaces the machine's for a test's processes, each in its own mount namespace;
/// names outside the file are unknown.
struct OwnHosts {
    /// The namespace that each process gets.
    static let namespaces = Requirement("root, and mount namespaces") {
        canRun(["unshare", "--mount", "true"])
    }

    private let hosts: String
    private let services: String

    /// Creates the file from lines such as `127.0.0.2 node0`.
    ///
    /// - Parameter source: the resolver's sources, in the form of `nsswitch.conf`.
    init(_ lines: String..., services source: String = "hosts: files") throws {
        hosts = try writeFile("hosts", [])
        services = try writeFile("nsswitch.conf", Array("\(source)\n".utf8))
        try set(lines)
    }

    /// Changes the lines, also for running processes.
    func set(_ lines: [String]) throws {
        // Writes to the same file, because the namespaces would not see a replacement.
        let file = try #require(FileHandle(forWritingAtPath: hosts))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(lines.map { "\($0)\n" }.joined().utf8))
        try file.close()
    }

    /// Wraps a command so that it sees the file.
    func command(_ command: [String], setUp: String = ":") -> [String] {
        let script = """
            mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && \(setUp) && \
            shift 2 && exec "$@"
            """
        return ["unshare", "--mount", "sh", "-c", script, "sh", hosts, services] + command
    }

    /// Starts `tern` with this file.
    func start(_ arguments: [String]) throws -> TernProcess {
        try bench.start(command([ternPath] + arguments))
    }
}

/// Whether a command succeeds on this machine.
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
