import Foundation
import Requirements
import Testing

@Suite(
    "tern launch", .bench,
    .needs(SecureShell.server, .program("ssh-agent"), .program("ip"), HostNetwork.namespaces))
struct LaunchTests {
    /// A run that takes longer than a change in the hosts' network.
    private static let lasting = Recipe.long.with("--epochs", "40")
    /// Options that pause the run while one of three hosts is lost.
    private static let together = lasting.with("--min-workers", "3", "--heartbeat-timeout", "1")

    /// Writes a list of hosts, and returns its path.
    private func list(_ lines: [String]) throws -> String {
        let path = bench.path("list")
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
        return path
    }

    private func expectNoSecret(in run: RunFolder) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: run.path) {
            let bytes = (try? readFile(run.path(name))) ?? []
            #expect(!String(decoding: bytes, as: UTF8.self).contains("tern-job-1"), "\(name)")
        }
    }

    @Test(
        "trains on three hosts to the weights of tern train, and leaves only the program there"
    )
    func threeHosts() async throws {
        let hosts = try await HostNetwork(3)
        let data = try SampleData()
        let weights = try await Recipe.small.train(data, into: RunFolder("alone")).weights
        for (name, options) in [
            ("direct", ["--host", "\(hosts.name(1)):1,\(hosts.name(2)):22:2,\(hosts.name(3))"]),
            ("again", ["--hosts", try list((1...3).map { "\(hosts.name($0)) slots=1" })]),
            ("tunnel", ["--tunnel", "--host", (1...3).map(hosts.name).joined(separator: ",")]),
        ] {
            let run = RunFolder(name)
            let arguments = Recipe.small.arguments(for: "launch", data, into: run)
            let summary = try run.completed(try await hosts.tern(arguments + options))
            #expect(summary.weights == weights, "\(name)")
            #expect(summary.workers == 3, "\(name)")
            for host in 1...3 {
                let port = name == "direct" && host == 2 ? ":22" : ""
                let log = try run.text("logs/\(hosts.name(host))\(port).log")
                #expect(log.contains("dismissed: the run is complete"), "\(name): \(log)")
            }
            try expectNoSecret(in: run)
            try await hosts.expectNothingLeft(on: 1...3)
        }
    }

    @Test(
        "accepts a host that joins the list, returns, logs in again or restarts its worker"
    )
    func comingAndGoing() async throws {
        let hosts = try await HostNetwork(4)
        let data = try SampleData.large()
        let weights = try await Self.lasting.train(data, into: RunFolder("alone")).weights
        let run = RunFolder()
        let path = try list([hosts.name(1), "\(hosts.name(2)) 1"])
        let launch = try hosts.start(
            Self.together.arguments(for: "launch", data, into: run)
                + ["--hosts", path, "--restart", "1", "--threads", "1"])
        try await launch.line("2 here, 3 needed")
        _ = try list([hosts.name(1), hosts.name(3), hosts.name(4)])
        try await launch.line("\(hosts.name(2)) is not named any more: its worker ends")
        try await launch.line("\(hosts.name(3)) is new: starting a worker there")
        try await launch.line("\(hosts.name(4)) is new: starting a worker there")
        try await launch.line("Step [20/600]")
        try await hosts.connect(4, false)
        try await launch.line("training pauses")
        try await hosts.connect(4, true)
        try await launch.line("Epoch [2/40], Step [20/600]")
        kill(try await hosts.worker(1), SIGKILL)
        try await launch.line("starting another, restarts left: 0")
        try await launch.line("Epoch [3/40], Step [20/600]")
        for process in hosts.processes(3) where process.command.hasPrefix("sshd") {
            kill(process.pid, SIGKILL)
        }
        try await launch.line("\(hosts.name(3)): ")
        try await launch.line("trying again in 1 s")
        let summary = try run.completed(try await launch.end())
        #expect(summary.weights == weights)
        try await hosts.expectNothingLeft(on: 1...4)
    }

    @Test("gets the hosts from a command")
    func command() async throws {
        let hosts = try await HostNetwork(2)
        let data = try SampleData()
        let weights = try await Recipe.small.train(data, into: RunFolder("alone")).weights
        let run = RunFolder()
        let ending = try await hosts.tern(
            Recipe.small.arguments(for: "launch", data, into: run)
                + ["--hosts-command", "echo \(hosts.name(1)):1; echo \(hosts.name(2)):2"])
        #expect(try run.completed(ending).weights == weights)
    }

    @Test(
        "resumes after its coordinator is killed, and on Ctrl-C saves a run for another launch"
    )
    func coordinator() async throws {
        let hosts = try await HostNetwork(2)
        let data = try SampleData.large()
        let weights = try await Self.lasting.train(data, into: RunFolder("alone")).weights
        let run = RunFolder()
        let names = ["--host", "\(hosts.name(1)):1,\(hosts.name(2)):1"]
        let recipe = Self.lasting.with("--checkpoint-every", "50")
        let launch = try hosts.start(
            recipe.arguments(for: "launch", data, into: run) + names + ["--restart", "1"])
        try await launch.line("Step [100/600]")
        for pid in bench.running("launch") where pid != launch.pid { kill(pid, SIGKILL) }
        try await launch.line("starting another, restarts left: 0")
        try await launch.line("Epoch [2/40], Step [20/600]")
        launch.signal(SIGINT)
        let ending = try await launch.end()
        #expect(ending.status == 130, "\(ending)")
        #expect(ending.output.contains("to go on: tern launch --host "), "\(ending)")
        try await hosts.expectNothingLeft(on: 1...2)
        let resumed = try await hosts.tern(["launch", "--resume", run.path] + names)
        #expect(try run.completed(resumed).weights == weights)
    }

    @Test("leaves nothing on the hosts when it is killed")
    func killed() async throws {
        let hosts = try await HostNetwork(2)
        let data = try SampleData.large()
        let launch = try hosts.start(
            Self.lasting.arguments(for: "launch", data, into: RunFolder())
                + ["--host", "\(hosts.name(1)),\(hosts.name(2))"])
        try await launch.line("Step [20/600]")
        launch.kill()
        try await hosts.expectNothingLeft(on: 1...2)
    }

    @Test("can run the coordinator on a host, which logs in to the others with the forwarded agent")
    func coordinatorOnHost() async throws {
        let hosts = try await HostNetwork(2)
        let data = try SampleData()
        let weights = try await Recipe.small.train(data, into: RunFolder("alone")).weights
        let agent = try await hosts.startAgent()
        let launch = try hosts.start(
            ["launch", "--data", data.folder, "--run-dir", "run", "--coordinator", hosts.name(1)]
                + ["--host", "\(hosts.name(1)):1,\(hosts.name(2)):1"] + Recipe.small.words,
            environment: agent)
        let ending = try await launch.end()
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains(weights), "\(ending)")
    }

    @Test("names each unusable host with the reason in one line, and starts nothing")
    func preflight() async throws {
        let hosts = try await HostNetwork(6) { host, folder in
            switch host {
            case 2: try FileManager.default.removeItem(atPath: "\(folder)/authorized")
            case 3: try Data("1m".utf8).write(to: URL(filePath: "\(folder)/small"))
            case 4:
                try Data("riscv64".utf8).write(to: URL(filePath: "\(folder)/architecture"))
            case 5:
                // The system's library is hidden there, and the test removes the copy.
                try Data("libzmq.so.5\n".utf8).write(to: URL(filePath: "\(folder)/hidden"))
            default: break
            }
        }
        let data = try SampleData()
        let run = RunFolder()
        let arguments = Recipe.small.arguments(for: "launch", data, into: run)
        // The program is copied to host 5, and then its library is removed.
        _ = try await hosts.tern(arguments + ["--host", hosts.name(5), "--dry-run"])
        try hosts.remove(host: 5, library: "libzmq.so.5")
        try await hosts.connect(6, false)
        let list =
            (1...6).map { "\(hosts.name($0)):1" } + [
                "user1@10.77.0.11:9:1", "user1@no-such-host:1",
            ]
        let start = ContinuousClock.now
        let ending = try await hosts.tern(arguments + ["--host", list.joined(separator: ",")])
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(ending.status == 69, "\(ending)")
        for (name, reason) in [
            (hosts.name(2), "Permission denied"),
            (hosts.name(3), "cannot copy the program to"),
            (hosts.name(3), "No space left on device"),
            (hosts.name(4), "its processor is riscv64, but the program is for"),
            (hosts.name(5), "libzmq.so.5"),
            (hosts.name(6), "connect to host 10.77.0.16 port 22"),
            ("user1@10.77.0.11:9", "Connection refused: check that sshd runs there"),
            ("user1@no-such-host", "check the name's spelling"),
        ] {
            let lines = ending.errorLines.filter { $0.hasPrefix("tern: error: \(name): ") }
            #expect(lines.count == 1 && lines[0].contains(reason), "\(name): \(ending.errors)")
        }
        #expect(ending.errors.contains("7 of 8 machines cannot be used"), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: run.path))
        let skipping = try await hosts.tern(
            arguments + ["--host", "\(hosts.name(1)),\(hosts.name(2))", "--skip-unreachable"])
        #expect(skipping.status == 0, "\(skipping)")
        #expect(try run.summary.workers == 1)
        try await hosts.expectNothingLeft(on: 1...5)
    }

    @Test("names a coordinator's port that hosts cannot reach")
    func closedPort() async throws {
        let hosts = try await HostNetwork(1)
        // Nobody listens at the host's own address.
        let ending = try await hosts.tern(
            Recipe.small.arguments(for: "launch", try SampleData(), into: RunFolder())
                + ["--host", hosts.name(1), "--address", hosts.address(1), "--port", "5757"])
        #expect(ending.status == 69, "\(ending)")
        #expect(
            ending.errorLines.first?.contains(
                "\(hosts.name(1)): port 5757 of the coordinator cannot be reached from there "
                    + "(tcp://\(hosts.address(1)):5757: ") == true, "\(ending)")
    }

    @Test("with --dry-run only checks and prints the commands")
    func dryRun() async throws {
        let hosts = try await HostNetwork(1)
        let (run, data) = (RunFolder(), try SampleData())
        let ending = try await hosts.tern(
            Recipe.small.arguments(for: "launch", data, into: run)
                + ["--host", "\(hosts.name(1)):2", "--dry-run"])
        #expect(ending.status == 0 && ending.errors.isEmpty, "\(ending)")
        #expect(ending.output.contains(" BatchMode=yes "), "\(ending)")
        #expect(
            ending.output.contains("tern worker --connect tcp://10.77.0.1:"), "\(ending)")
        #expect(ending.output.contains(" --threads 2 "), "\(ending)")
        let unknown = try await hosts.tern(
            ["launch", "--data", data.folder, "--host", "no-such-host", "--dry-run"])
        #expect(unknown.status == 69, "\(unknown)")
        #expect(!FileManager.default.fileExists(atPath: run.path))
        try await hosts.expectNothingLeft(on: 1...1)
    }
}

@Suite("tern launch, by any login", .bench)
struct LoginTests {
    @Test(
        "works with login shells of any kind, and with odd home folders",
        .needs(SecureShell.server), arguments: ["sh", "csh", "fish"])
    func loginShell(_ loginShell: String) async throws {
        guard isInstalled(loginShell) else { return passOver(without: .program(loginShell)) }
        let home = bench.path("my \"$HOME\"")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        let shell = try await SecureShell(home: home, loginShell: loginShell)
        let run = RunFolder()
        let ending = try await tern(
            Recipe.small.arguments(for: "launch", try SampleData(), into: run)
                + ["--host", "alpha:1,beta:2", "--show-hosts"],
            environment: ["TERN_SSH": shell.command])
        _ = try run.completed(ending)
        for (name, threads) in [("alpha", 1), ("beta", 2)] {
            #expect(
                ending.output.split(separator: "\n").contains {
                    $0.hasPrefix("\(name) ") && $0.contains(" | ")
                        && $0.contains(" with \(threads) threads, ")
                }, "\(ending)")
        }
    }

    @Test(
        "rejects invalid options in one line",
        arguments: [
            ([], 64, "name the machines with --hosts, --host or --hosts-command"),
            (["--host", "a", "--hosts", "b"], 64, "exclude one another"),
            (["--host", "a,"], 64, "--host: '' is not the name of a machine"),
            (["--host", "a:0"], 64, "--host: '0' is not a number of lanes (1 to 1024)"),
            (["--hosts", "missing"], 64, "missing: cannot be read"),
            (["--hosts-command", "exit 3"], 64, "'exit 3': it ended with"),
            (["--host", "a", "--port", "0"], 64, "--port must be from 1 to 65535"),
            (["--host", "a", "--port", "65536"], 64, "65536"),
            (["--host", "a", "--address", "x y"], 64, "--address x y: 'x y' is not a host"),
            (["--host", "a", "--address", "a\nb"], 64, "is not a host"),
            (["--host", "a", "--tunnel", "--address", "x"], 64, "--tunnel needs no --address"),
            (["--host", "a", "--program", "missing"], 74, "cluster/bundle has made"),
        ])
    func options(arguments: [String], status: Int32, reason: String) async throws {
        let ending = try await tern(
            Recipe.small.arguments(for: "launch", try SampleData(), into: RunFolder()) + arguments)
        #expect(ending.status == status, "\(ending)")
        #expect(ending.errorLines.first?.contains(reason) == true, "\(ending)")
        #expect(!FileManager.default.fileExists(atPath: RunFolder().path))
    }
}
