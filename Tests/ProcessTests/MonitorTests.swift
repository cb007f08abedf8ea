import FoundationEssentials
import Glibc
import Requirements
import Testing

extension Recipe {
    /// A run that continues until a test ends it, and leaves time for other processes.
    static let endless = Recipe().with(
        "--hidden", "16", "--epochs", "9999", "--batch-size", "100", "--log-every", "20")
}

extension Cluster {
    /// An endless run with two workers that pause before each answer.
    static func unhurried(_ run: RunFolder) async throws -> Cluster {
        let cluster = try await Cluster(
            .endless.with("--min-workers", "2", "--checkpoint-every", "20"),
            try SampleData.large(), into: run)
        for _ in 0..<2 { _ = try cluster.worker("--slow-down", "20") }
        try await cluster.coordinator.line("Step [20/60]")
        return cluster
    }
}

@Suite(
    "tern monitor shows runs", .bench,
    .needs(.program("curl")))
struct MonitorTests {
    @Test("on a live page and to programs, and rejects other requests")
    func live() async throws {
        let run = RunFolder("<b>live")
        let cluster = try await Cluster.unhurried(run)
        let monitor = try await Monitor(run.path)
        let page = try await monitor.get("/")
        #expect(page.status == 200)
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none';") == true)
        #expect(page.body.contains("&lt;b&gt;live"))
        #expect(!page.body.contains("<b>live"))
        #expect(page.body.contains("id=\"state\">training<"))
        for type in ["css", "js"] {
            let name = type == "css" ? "style.css" : "page.js"
            #expect(page.body.contains("\"/\(name)\""))
            #expect(try await monitor.get("/\(name)").status == 200)
        }

        let status = try await monitor.state("training")
        #expect(status.run == "<b>live" && status.members == 2 && status.workers.count == 2)
        let stream = try bench.start(["curl", "-sN", "http://\(monitor.address)/events"])
        try await stream.line("data: {")
        // The first event has all parts, the others only the changes.
        try await eventually("more events") {
            stream.output.split(separator: "\n\n").count { $0.hasPrefix("data: {") } > 2
        }
        stream.kill()
        #expect(try await monitor.get("/healthz").body == "ok\n")
        let metrics = try await monitor.get("/metrics")
        #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(metrics.body.contains("tern_run_state{run=\"<b>live\",state=\"training\"} 1\n"))
        #expect(metrics.body.contains("tern_workers{run=\"<b>live\"} 2\n"))

        #expect(try await monitor.get("/", "--head").body == "")
        for target in ["/nothing", "/config.json", "/runs/live/", "/..%2F", "/events/1"] {
            #expect(try await monitor.get(target).status == 404, "\(target)")
        }
        #expect(try await monitor.get("/%f", "-g").status == 400)
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = try await monitor.get("/", "--request", method, "--data", "x")
            #expect(refused.status == 405 && refused.headers["allow"] == "GET, HEAD", "\(method)")
        }
        for host in ["example.org", "example.org:80", "127.0.0.1.example.org", "", "[::1", "a b"] {
            let refused = try await monitor.get("/status.json", "--header", "Host: \(host)")
            #expect([400, 421].contains(refused.status), "\(host)")
            #expect(!refused.body.contains("training"), "\(host)")
        }
        #expect(try await monitor.get("/", "--header", "Host: example.org").status == 421)
        #expect(try await monitor.get("/", "--header", "Host: localhost:1").status == 200)

        cluster.coordinator.signal(SIGTERM)
        _ = try await cluster.coordinator.end()
        try await monitor.state("interrupted")
    }

    @Test("to other machines only with a token, in a link, a cookie or a header")
    func token() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.train(try SampleData(), into: run)
        for address in ["0.0.0.0:0", "*:0", "[::]:0", "192.0.2.1:0"] {
            try await expectRefusal(
                ["monitor", run.path, "--listen", address], status: 64, "--token-file")
        }
        let file = bench.path("token")
        let monitor = try await Monitor(run.path, listen: "0.0.0.0:0", "--token-file", file)
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o600)
        let token = String(decoding: try readFile(file).dropLast(), as: UTF8.self)
        #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil)
        // A log may be readable by others, so only a terminal shows the link.
        #expect(!monitor.process.output.contains(token))
        let terminal = try Terminal()
        _ = try start(
            ["monitor", run.path, "--listen", "127.0.0.1:0", "--token-file", file],
            terminal: terminal)
        try await terminal.shows("/?token=\(token)")

        let wrong = String(repeating: "0", count: 64)
        for target in ["/", "/status.json", "/metrics", "/events", "/?token=\(wrong)"] {
            let refused = try await monitor.get(target)
            #expect(refused.status == 401 && !refused.body.contains("completed"), "\(target)")
        }
        #expect(try await monitor.get("/healthz").body == "ok\n")
        for header in ["Authorization: Bearer \(wrong)", "Cookie: tern=\(wrong)", "Cookie: tern="] {
            #expect(try await monitor.get("/", "--header", header).status == 401, "\(header)")
        }
        let entry = try await monitor.get("/?token=\(token)")
        #expect(entry.status == 303 && entry.headers["location"] == "/")
        let cookie = try #require(entry.headers["set-cookie"])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        let pair = String(cookie.prefix { $0 != ";" })
        #expect(try await monitor.get("/", "--cookie", "a=b; \(pair)").status == 200)
        let bearer = ["--header", "Authorization: Bearer \(token)"]
        #expect(try await monitor.get("/status.json", bearer[0], bearer[1]).status == 200)
        #expect(
            try await monitor.get("/", bearer[0], bearer[1], "--header", "Host: a.example").status
                == 421)

        // The token stays the same, unless others can read its file.
        let again = try await Monitor(run.path, "--token-file", file)
        #expect(try await again.get("/", bearer[0], bearer[1]).status == 200)
        chmod(file, 0o644)
        try await expectRefusal(
            ["monitor", run.path, "--listen", "127.0.0.1:0", "--token-file", file], status: 78,
            file)
    }

    @Test("and rejects invalid options and endless headers")
    func refusals() async throws {
        let run = RunFolder()
        _ = try await Recipe.small.train(try SampleData(), into: run)
        let monitor = try await Monitor(run.path)
        try await expectRefusal(
            ["monitor", run.path, "--listen", monitor.address], status: 69, monitor.address,
            "in use")
        try await expectRefusal(
            ["monitor", bench.path("nothing"), "--listen", "127.0.0.1:0"], status: 66, "nothing")
        for address in ["127.0.0.1", "127.0.0.1:65536", ":80", "127.0.0.1:x"] {
            let ending = try await tern(["monitor", run.path, "--listen", address])
            #expect(ending.status == 64, "\(ending)")
        }
        let long = String(repeating: "a", count: 20_000)
        for options in [["--header", "X: \(long)"], ["--header", "Cookie: \(long)"]] {
            // The connection may break while the rest is still being sent.
            let answer = try? await WebAnswer("http://\(monitor.address)/", options)
            #expect(answer.map { (400..<500).contains($0.status) } ?? true)
        }
        let target = "http://\(monitor.address)/\(long)"
        #expect((try? await WebAnswer(target).status).map { (400..<500).contains($0) } ?? true)
        #expect(try await monitor.get("/healthz").status == 200)
        monitor.process.signal(SIGTERM)
        #expect(try await monitor.process.end().status == 128 + SIGTERM)
    }

    @Test("of a folder in a list, singly and together, and nothing outside the folder")
    func folder() async throws {
        let data = try SampleData()
        try FileManager.default.createDirectory(
            atPath: bench.path("runs"), withIntermediateDirectories: false)
        let monitor = try await Monitor(bench.path("runs"))
        #expect(try await monitor.get("/").body.contains("There is no run here yet."))
        _ = try await Recipe.small.train(data, into: RunFolder("runs/a b"))
        _ = try await Recipe.small.with("--hidden", "8").train(data, into: RunFolder("runs/c"))
        _ = try await Recipe.small.train(data, into: RunFolder("outside"))

        let list = try await monitor.get("/").body
        #expect(list.contains("href=\"/runs/a%20b/\"") && list.contains("href=\"/runs/c/\""))
        let all = try JSONDecoder().decode(
            [Status].self, from: Data(try await monitor.get("/status.json").body.utf8))
        #expect(all.map(\.run) == ["a b", "c"])
        let page = try await monitor.get("/runs/a%20b/")
        #expect(page.status == 200 && page.body.contains("data-events=\"/runs/a%20b/events\""))
        #expect(try await monitor.status("/runs/c/status.json").state == "completed")
        let comparison = try await monitor.get("/compare?run=a+b&run=c")
        #expect(comparison.status == 200)
        #expect(comparison.body.contains("<th scope=\"row\">hidden</th><td>16</td><td>8</td>"))
        #expect(try await monitor.get("/compare").status == 400)
        #expect(try await monitor.get("/compare?run=c&run=nothing").status == 404)
        let metrics = try await monitor.get("/metrics").body
        #expect(metrics.contains("{run=\"a b\"") && metrics.contains("{run=\"c\""))

        try await expectNothingOutside(of: monitor)
    }

    /// Creates links to outside the folder, and requests their targets in all ways.
    private func expectNothingOutside(of monitor: Monitor) async throws {
        _ = try writeFile("secret.json", Array("{\"xyzzy\": 1}\n".utf8))
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: bench.path("runs/link"), withDestinationPath: bench.path("outside"))
        let linked = RunFolder("runs/linked")
        try files.createDirectory(atPath: linked.path, withIntermediateDirectories: false)
        for name in ["config.json", "events.jsonl", "metrics.jsonl", "summary.json", "test.json"] {
            try files.createSymbolicLink(
                atPath: linked.path(name), withDestinationPath: bench.path("secret.json"))
        }
        for target in [
            "/runs/../outside/", "/runs/..%2Foutside/", "/runs/%2e%2e/", "/runs/..", "/../outside/",
            "/runs/link/", "/runs/link/status.json", "/runs/%2F/", "/runs//", "/runs/c%00/",
            "/runs/c/../../outside/", "/runs/c/config.json", "/runs/c%2Fconfig.json",
            "/compare?run=../outside", "/compare?run=..%2foutside", "/compare?run=link",
        ] {
            let answer = try await monitor.get(target)
            #expect(answer.status == 404, "\(target): \(answer.status)")
        }
        for target in [
            "/", "/metrics", "/status.json", "/runs/linked/", "/runs/linked/status.json",
        ] {
            let answer = try await monitor.get(target)
            #expect(!answer.body.contains("xyzzy"), "\(target)")
            #expect(!answer.body.contains("outside"), "\(target)")
        }
    }

    @Test("as dead after a kill, and as training after a resume")
    func killed() async throws {
        let run = RunFolder()
        let recipe = Recipe.endless.with(
            "--workers", "1", "--checkpoint-every", "60", "--log-level", "debug")
        let train = try start(recipe.arguments(try SampleData.large(), into: run))
        try await train.line("checkpoint of step ")
        let monitor = try await Monitor(run.path)
        try await monitor.state("training")
        train.kill()
        _ = try await train.end()
        let dead = try await monitor.state("dead")
        #expect(try await monitor.get("/").body.contains("tern train --resume"))
        let resumed = try start(["train", "--resume", run.path])
        let status = try await monitor.state("training")
        #expect(status.totalSteps == dead.totalSteps)
        resumed.signal(SIGTERM)
        #expect(try await resumed.end().status == 128 + SIGTERM)
        try await monitor.state("interrupted")
    }

    @Test("beside a run until it ends, without a change of its weights, or neither starts")
    func beside() async throws {
        let data = try SampleData.large()
        let recipe = Recipe.long.with("--hidden", "16", "--epochs", "2", "--workers", "2")
        let calm = try await recipe.train(data, into: RunFolder("calm"))
        let run = RunFolder()
        let train = try start(recipe.with("--monitor", "0").arguments(data, into: run))
        let monitor = try await Monitor(in: train)
        let stream = try bench.start(["curl", "-sN", "http://\(monitor.address)/events"])
        try await train.line("Step [20/600]")
        // The run is stopped meanwhile, so that it does not end too early.
        train.signal(SIGSTOP)
        #expect(try await monitor.state("training").members == 2)
        train.signal(SIGCONT)

        #expect(try run.completed(try await train.end()).weights == calm.weights)
        // An open page shows the end, and then the server ends.
        #expect(try await stream.end().output.contains("completed"))
        try await bench.nothingRuns()

        let (taken, refused) = (try ListeningSocket(), RunFolder("refused"))
        try await expectRefusal(
            recipe.with("--monitor", "\(taken.port)").arguments(data, into: refused), status: 69,
            "--monitor \(taken.port)", "in use")
        #expect(!FileManager.default.fileExists(atPath: refused.path))
    }
}
