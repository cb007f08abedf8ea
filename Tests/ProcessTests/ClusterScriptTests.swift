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
        .enabled(if: SecureShell.isHere, "there is no sshd here"), arguments: [false, true])
    func overSSH(isOpen: Bool) async throws {
        let home = bench.path("home")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        let shell = try await SecureShell(home: home)
        let run = RunFolder()
        let recipe = Recipe.small.with("--min-workers", "2")
        let cluster = try await Cluster(recipe, try SampleData(), into: run, isOpen: isOpen)
        let key = isOpen ? "none" : bench.path("key")
        let ending = try await startWorkers(
            cluster.endpoint, on: "# name, lanes\nalpha\nbeta 2\n",
            ["TERN_SSH": shell.command, "TERN_KEY": key])
        #expect(ending.status == 0, "\(ending)")
        for (name, threads) in [("alpha", 1), ("beta", 2)] {
            let lines = ending.output.split(separator: "\n")
            #expect(
                lines.contains {
                    $0.hasPrefix("\(name): worker ") && $0.contains(" with \(threads) threads, ")
                }, "\(ending)")
            #expect(ending.output.contains("\(name): sent home: the run is complete"))
        }
        _ = try run.completed(try await cluster.coordinator.end())
        let copy = "\(home)/.cache/tern/key"
        #expect(FileManager.default.fileExists(atPath: copy) != isOpen)
        guard !isOpen else { return }
        #expect(try readFile(copy) == readFile(key))
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("says what is missing")
    func missing() async throws {
        let key = bench.path("no-key")
        let ending = try await startWorkers(
            "tcp://127.0.0.1:9", on: "alpha\n", ["TERN_KEY": key])
        #expect(ending.status == 1)
        #expect(ending.errorLines.count == 1, "\(ending)")
        #expect(ending.errors.contains("there is no key \(key): copy the coordinator's"))
    }
}
