import Foundation
import Testing

@Suite("cluster/start-workers", .bench)
struct ClusterScriptTests {
    private func startWorkers(
        _ endpoint: String, on hosts: String, _ environment: [String: String]
    ) async throws -> Ending {
        let path = bench.path("hosts")
        try Data(hosts.utf8).write(to: URL(filePath: path))
        return try await bench.start(
            [packagePath("cluster/start-workers"), path, endpoint, ternPath],
            environment: environment
        ).end()
    }

    @Test(
        "brings program and key to other machines by ssh, and workers to the coordinator",
        .enabled(if: SecureShell.isHere, "there is no sshd here"),
        arguments: [("sh", false), ("csh", true), ("fish", false)])
    func overSSH(loginShell: String, isOpen: Bool) async throws {
        guard canRun(["which", loginShell]) else { return }
        let home = bench.path("my \"$HOME\"")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        let shell = try await SecureShell(home: home, loginShell: loginShell)
        let run = RunFolder()
        let recipe = Recipe.small.with("--min-workers", "3")
        let cluster = try await Cluster(recipe, try SampleData(), into: run, isOpen: isOpen)
        let key = isOpen ? "none" : bench.keys.worker
        let ending = try await startWorkers(
            cluster.endpoint,
            on: "\u{FEFF}# name, lanes\r\n\r\nalpha\r\n \tbeta 2 # in the rack\r\n  # gamma\ndelta",
            ["TERN_SSH": shell.command, "TERN_KEY": key])
        #expect(ending.status == 0, "\(ending)")
        for (name, threads) in [("alpha", 1), ("beta", 2), ("delta", 1)] {
            let lines = ending.output.split(separator: "\n")
            #expect(
                lines.contains {
                    $0.hasPrefix("\(name): ") && $0.contains(" with \(threads) threads, ")
                }, "\(ending)")
            #expect(
                lines.contains {
                    $0.hasPrefix("\(name): ") && $0.hasSuffix(" dismissed: the run is complete")
                })
        }
        _ = try run.completed(try await cluster.coordinator.end())
        let copy = "\(home)/.cache/tern/key"
        #expect(FileManager.default.fileExists(atPath: copy) != isOpen)
        guard !isOpen else { return }
        #expect(try readFile(copy) == readFile(key))
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test(
        "names the line of a list that it cannot use, before it starts a worker",
        arguments: [
            ("alpha\nbeta x\n", "line 2: not HOST LANES: beta x"),
            ("alpha\n\nbeta 0", "line 3: not HOST LANES: beta 0"),
            ("alpha 1 2\n", "line 1: not HOST LANES: alpha 1 2"),
            ("alpha\n-oProxyCommand=id 1\n", "line 2: not the name of a machine: -oProxyCommand"),
            ("alpha\n'al$(id)' 1\n", "line 2: not the name of a machine: 'al$(id)'"),
            ("# alpha\n\r\n", "names no machine"),
        ])
    func badList(hosts: String, reason: String) async throws {
        let ending = try await startWorkers(
            "tcp://127.0.0.1:9", on: hosts, ["TERN_KEY": "none", "TERN_SSH": "false"])
        #expect(ending.status == 1)
        #expect(ending.output == "")
        #expect(ending.errorLines.count == 1 && ending.errors.contains(reason), "\(ending)")
    }

    @Test("says what is missing")
    func missing() async throws {
        let key = bench.path("no-key")
        let ending = try await startWorkers(
            "tcp://127.0.0.1:9", on: "alpha\n", ["TERN_KEY": key])
        #expect(ending.status == 1)
        #expect(ending.errorLines.count == 1, "\(ending)")
        #expect(
            ending.errors.contains("there is no credential \(key): make one with tern key worker"))
    }
}
