import FoundationEssentials
import Glibc
import Requirements
import Testing

/// The program that the scripts package: the build's, with Swift's libraries linked in.
enum PackedProgram {
    /// Links the objects of the build again with `--static-swift-stdlib`, because a second compilation takes
    /// minutes.
    static func link() async throws -> String {
        let path = bench.path("tern-static")
        let libraries = [
            "CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections",
            "stdc++",
        ]
        let ending = try await bench.start(
            ["swiftc", "-static-stdlib", "-emit-executable", "-module-name", "tern", "-o", path]
                + ["-Xlinker", "--gc-sections", "-Xlinker", "--defsym=main=tern_main"]
                + ["@\(buildFolder)/tern.product/Objects.LinkFileList"]
                + libraries.map { "-l\($0)" }
        ).end()
        try #require(ending.status == 0, "\(ending)")
        return path
    }

    /// Packages the program, and returns the package's path.
    static func pack(with script: String) async throws -> String {
        let ending = try await bench.start(
            [
                packagePath(script), "--binary", try await link(), "--output",
                bench.path("packages"),
            ],
            // Full compression takes half a minute.
            environment: ["DPKG_DEB_COMPRESSOR_LEVEL": "0"]
        ).end()
        try #require(ending.status == 0, "\(ending)")
        return String(ending.output.dropLast())
    }
}

@Suite(
    "Scripts/package-deb", .bench,
    .needs(.program("swiftc"), .program("dpkg")))
struct DebianPackageTests {
    @Test(
        "makes a package that lintian accepts, with the manual, completions and services",
        .needs(.program("lintian")))
    func package() async throws {
        let package = try await PackedProgram.pack(with: "Scripts/package-deb")
        let lintian = try await bench.start(["lintian", "--fail-on=error,warning", package]).end()
        #expect(lintian.status == 0, "\(lintian)")
        let tree = bench.path("tree")
        #expect(try await bench.start(["dpkg-deb", "-x", package, tree]).end().status == 0)
        try await expectManual("\(tree)/usr/share/man/man1")
        try await expectCompletions(
            bash: "\(tree)/usr/share/bash-completion/completions/tern",
            fish: "\(tree)/usr/share/fish/vendor_completions.d/tern.fish")
        let copyright = String(
            decoding: try readFile("\(tree)/usr/share/doc/tern/copyright"), as: UTF8.self)
        let parts = try FileManager.default.contentsOfDirectory(
            atPath: packagePath(".build/checkouts"))
        // The program contains nothing of the documentation plugin.
        for part in parts where !part.hasPrefix("swift-docc") {
            #expect(copyright.contains(part), "\(part)")
        }
    }

    @Test("rejects a program that needs libraries from outside Debian")
    func otherLibraries() async throws {
        let packing = try await bench.start(
            [
                packagePath("Scripts/package-deb"), "--binary", ternPath, "--output",
                bench.path("no"),
            ]
        ).end()
        #expect(packing.status == 1)
        #expect(
            packing.errorLines.last == "tern: \(ternPath) must need no libraries but Debian's",
            "\(packing)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("no")) == [])
    }

    @Test(
        "contains services that systemd accepts as valid and confined",
        .needs(.program("systemd-analyze")))
    func units() async throws {
        let root = bench.path("root")
        let script = """
            mkdir -p "$1/usr/lib/systemd" "$1/usr/bin" && cp -r /usr/lib/systemd/system "$1/usr/lib/systemd" &&
            cp -r "$2"/. "$1/usr/lib/systemd/system" && cp /bin/true "$1/usr/bin/tern"
            """
        let copy = try await bench.start(
            ["sh", "-c", script, "sh", root, packagePath("cluster/systemd")]
        ).end()
        #expect(copy.status == 0, "\(copy)")
        let services = [
            "tern-coordinator@first.service", "tern-monitor.service", "tern-worker.service",
        ]
        for service in services {
            let analyze = ["systemd-analyze", "--root=\(root)", "--no-pager", "--man=no"]
            let check = try await bench.start(analyze + ["verify", service]).end()
            #expect(check.status == 0 && check.errors == "", "\(check)")
            let exposure = try await bench.start(
                analyze + ["--offline=yes", "--threshold=20", "security", service]
            ).end()
            #expect(exposure.status == 0, "\(exposure)")
        }
    }

    @Test(
        "installs services that train to the weights of tern train, and purges completely",
        .needs(.root, .program("systemd-nspawn"), BootedDebian.system))
    func services() async throws {
        let package = try await PackedProgram.pack(with: "Scripts/package-deb")
        let recipe = Recipe.long.with("--hidden", "16")
        let data = try SampleData.large()
        let expected = try await recipe.train(data, into: RunFolder()).weights
        try await BootedDebian.whileBooted(share: bench.folder) { debian in
            let before = try await debian.state()
            try await debian.run("dpkg", "--install", debian.share(package))
            #expect(try await debian.services("active") == [], "none starts before it is set up")
            try await debian.setUp(recipe, debian.share(data.folder))
            try await expectRun("first", by: debian, weights: expected)
            let journal = try await debian.run("journalctl", "--no-pager", "--output=cat")
            for secret in try debian.secrets() { #expect(!journal.contains(secret)) }

            try await debian.run("systemctl", "enable", "tern-worker")
            #expect(
                try await debian.services("active,activating") == [
                    "tern-monitor.service", "tern-worker.service",
                ])
            try await debian.run("dpkg", "--purge", "tern")
            #expect(try await debian.services("active,failed") == [])
            #expect(try await debian.state() == before)
        }
    }

    /// Expects that the services train, show, stop and resume a run.
    private func expectRun(
        _ run: String, by debian: BootedDebian, weights: String
    ) async throws {
        let coordinator = "tern-coordinator@\(run)"
        try await debian.run("systemctl", "start", coordinator, "tern-monitor", "tern-worker")
        try await debian.log(of: run, has: "Epoch [2/4], Step [20/600]")
        #expect(try await debian.page("status.json").contains("\"\(run)\""))
        try await debian.run("systemctl", "stop", coordinator)
        #expect(try debian.summary(of: run).status == "interrupted")
        #expect(try await debian.services("failed") == [])

        try await debian.run("systemctl", "start", coordinator)
        try await debian.log(of: run, has: "training is finished")
        try await eventually("the coordinator's end") {
            try debian.summary(of: run).status == "completed"
        }
        #expect(try debian.summary(of: run).weights == weights)
    }
}

@Suite(
    "Scripts/package-tarball", .bench,
    .needs(.program("swiftc"), .program("dpkg"), OwnHosts.namespaces))
struct TarballTests {
    @Test("makes an archive that trains on a system with only the C library")
    func bareMachine() async throws {
        let archive = try await PackedProgram.pack(with: "Scripts/package-tarball")
        let root = try await makeBareRoot()
        let place = "\(root)/usr/local"
        let unpacking = ["tar", "-C", place, "--strip-components=1", "-xzf", archive]
        #expect(try await bench.start(unpacking).end().status == 0)
        try await expectManual("\(place)/share/man/man1")
        try await expectCompletions(
            bash: "\(place)/share/bash-completion/completions/tern",
            fish: "\(place)/share/fish/vendor_completions.d/tern.fish")
        for file in [
            "lib/systemd/system/tern-worker.service", "lib/sysusers.d/tern.conf",
            "share/doc/tern/README.md", "share/doc/tern/copyright",
            "share/doc/tern/default/tern-worker",
        ] {
            #expect(FileManager.default.fileExists(atPath: "\(place)/\(file)"), "\(file)")
        }

        let data = try SampleData("root/data")
        let expected = try await Recipe.small.train(data, into: RunFolder("here")).weights
        let arguments = Recipe.small.arguments(
            SampleData(at: "/data"), into: RunFolder("root/home/run"))
        let training = try await bench.start(
            inBareRoot(
                root, ["/usr/local/bin/tern"] + arguments.map { $0.replacing(root, with: "") })
        ).end()
        #expect(try RunFolder("root/home/run").completed(training).weights == expected)
    }
}

private func expectManual(_ folder: String) async throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder)
    for name in ["tern", "tern-train", "tern-key-worker"] {
        #expect(pages.contains("\(name).1.gz"))
    }
    let page = try await bench.start(
        ["man", "--warnings", "--local-file", "\(folder)/tern-key-worker.1.gz"]
    ).end()
    #expect(page.status == 0 && page.errors == "", "\(page)")
    #expect(page.output.contains("tern key worker name [--shared]"), "\(page)")
}

private func expectCompletions(bash: String, fish: String) async throws {
    let script = "shopt -s extglob; source \"$1\" && complete -p tern"
    let inBash = try await bench.start(["bash", "-c", script, "bash", bash]).end()
    #expect(inBash.status == 0 && inBash.errors == "", "\(inBash)")
    guard isInstalled("fish") else { return passOver(without: .program("fish")) }
    let command = "source \(fish); complete --do-complete 'tern coord'"
    let inFish = try await bench.start(["fish", "--no-config", "--command", command]).end()
    #expect(inFish.output.hasPrefix("coordinator\t"), "\(inFish)")
}

extension BootedDebian {
    /// The container's path of a file on the bench.
    fileprivate func share(_ path: String) -> String {
        path.replacing(bench.folder, with: "/share")
    }

    /// Gives the services their key and settings.
    fileprivate func setUp(_ recipe: Recipe, _ data: String) async throws {
        try await run("mkdir", "--mode=700", "/etc/tern")
        try await run("tern", "key", "job", "--output", "/etc/tern/key")
        let settings = [
            "coordinator": """
            TERN_LISTEN=tcp://127.0.0.1:5555
            TERN_MNIST_DIR=\(data)
            TERN_OPTIONS="\(recipe.testDescription)"
            """,
            "worker": "TERN_ENDPOINT=tcp://127.0.0.1:5555\nTERN_THREADS=1",
        ]
        for (name, lines) in settings {
            let file = try writeFile("tern-\(name)", Array("\(lines)\n".utf8))
            try await run("cp", share(file), "/etc/default")
        }
    }

    /// The services of Tern in this state.
    fileprivate func services(_ state: String) async throws -> Set<String> {
        let list = try await run(
            "systemctl", "list-units", "--plain", "--no-legend", "--state=\(state)",
            "tern-*.service")
        return Set(list.split(separator: "\n").map { String($0.prefix { $0 != " " }) })
    }

    /// Waits for a line in the log of a run.
    fileprivate func log(of run: String, has part: String) async throws {
        let log = path("/var/lib/tern/runs/\(run)/coordinator.log")
        try await eventually(part) {
            String(decoding: (try? readFile(log)) ?? [], as: UTF8.self).contains(part)
        }
    }

    /// The summary of a run.
    fileprivate func summary(of run: String) throws -> Summary {
        let text = try readFile(path("/var/lib/tern/runs/\(run)/summary.json"))
        return try JSONDecoder().decode(Summary.self, from: Data(text))
    }

    /// The secrets that the services must not reveal.
    fileprivate func secrets() throws -> [String] {
        let key = String(decoding: try readFile(path("/etc/tern/key")), as: UTF8.self)
        return key.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init) + [
            try token()
        ]
    }

    private func token() throws -> String {
        let file = try readFile(path("/var/lib/tern/monitor/token"))
        return String(decoding: file, as: UTF8.self).filter { !$0.isNewline }
    }

    /// A page of the monitor.
    fileprivate func page(_ name: String) async throws -> String {
        let curl = ["curl", "--fail", "--silent", "http://127.0.0.1:8460/\(name)", "--header"]
        return try await bench.start(
            inNetwork + curl + ["Authorization: Bearer \(try token())"]
        ).end().output
    }

    /// All users, and all files except those that dpkg, systemd and similar programs keep for themselves.
    fileprivate func state() async throws -> Set<String> {
        let files = try await run(
            "find", "/", "-xdev", "(", "-path", "/var/lib/dpkg", "-o", "-path", "/var/log", "-o",
            "-path", "/tmp", ")", "-prune", "-o", "-not", "-path", "/etc/*-", "-print")
        let users = try await run("cat", "/etc/passwd", "/etc/group", "/etc/shadow")
        return Set((files + users).split(separator: "\n").map(String.init))
    }
}
