import FoundationEssentials
import Requirements
import Testing

/// A Prometheus that scrapes a monitor each second, with the configuration and rules of `cluster/prometheus`.
private struct Prometheus {
    /// An answer of its HTTP interface.
    private struct Answer<Content: Decodable>: Decodable {
        let status: String
        let data: Content
    }

    /// The labels of each series that an expression gives.
    private struct Findings: Decodable {
        struct Series: Decodable { let metric: [String: String] }
        let result: [Series]
    }

    /// The rules that it has loaded.
    private struct Rules: Decodable {
        struct Group: Decodable { let rules: [Rule] }
        struct Rule: Decodable {
            let name: String
            let query: String
        }
        let groups: [Group]
    }

    let process: TernProcess
    private let address: String

    init(scraping monitor: Monitor) async throws {
        let folder = bench.path("prometheus")
        try FileManager.default.copyItem(
            atPath: packagePath("cluster/prometheus"), toPath: folder)
        let path = "\(folder)/prometheus.yml"
        let settings = String(decoding: try readFile(path), as: UTF8.self)
            .replacing("127.0.0.1:8460", with: monitor.address).replacing("5s", with: "1s")
        try Data(settings.utf8).write(to: URL(filePath: path))
        address = "127.0.0.1:\(try ListeningSocket().port)"
        process = try bench.start([
            "prometheus", "--config.file=\(path)", "--storage.tsdb.path=\(folder)/data",
            "--web.listen-address=\(address)",
        ])
    }

    private func get<Content: Decodable>(
        _ target: String, _ options: String...
    ) async throws -> Content {
        let text = try await WebAnswer("http://\(address)\(target)", options).body
        return try JSONDecoder().decode(Answer<Content>.self, from: Data(text.utf8)).data
    }

    /// The number of series that an expression gives now.
    func count(_ expression: String) async throws -> Int {
        let findings: Findings = try await get(
            "/api/v1/query", "--get", "--data-urlencode", "query=\(expression)")
        return findings.result.count
    }

    /// Waits until an expression gives a series.
    func finds(_ expression: String) async throws {
        let limit = ContinuousClock.now + patience
        while true {
            // Prometheus does not listen at once.
            if let count = try? await count(expression), count > 0 { return }
            guard !process.hasEnded, .now < limit else {
                throw TestFailure(
                    description: "nothing for \(expression)\n\(process.errors.suffix(2000))")
            }
        }
    }

    /// The expressions of the alerts, by their names.
    func alerts() async throws -> [String: String] {
        let rules: Rules = try await get("/api/v1/rules")
        return Dictionary(
            rules.groups.flatMap(\.rules).map { ($0.name, $0.query) },
            uniquingKeysWith: { first, _ in first })
    }
}

/// The expressions of the Grafana dashboard, with its variables replaced.
private func dashboardExpressions(run: String) throws -> [String] {
    struct Dashboard: Decodable {
        struct Panel: Decodable { let targets: [Target]? }
        struct Target: Decodable { let expr: String }
        let panels: [Panel]
    }
    let text = try readFile(packagePath("cluster/prometheus/grafana-dashboard.json"))
    let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text))
    return dashboard.panels.flatMap { $0.targets ?? [] }.map {
        $0.expr.replacing("$run", with: run).replacing("$__rate_interval", with: "10s")
    }
}

@Suite("Prometheus reads a monitor's metrics", .bench)
struct PrometheusTests {
    private func promtool(_ arguments: [String]) async throws -> Ending {
        // promtool looks for rules beside the configuration that names them.
        try await bench.start(
            ["sh", "-c", "cd \"$0\" && exec promtool \"$@\"", packagePath("cluster/prometheus")]
                + arguments
        ).end()
    }

    @Test(
        "with a configuration and rules that promtool accepts, and each alert fires",
        .needs(.program("promtool")),
        arguments: [
            ["check", "config", "prometheus.yml"], ["check", "rules", "tern.rules.yml"],
            ["test", "rules", "tern.rules.test.yml"],
        ])
    func rules(arguments: [String]) async throws {
        let ending = try await promtool(arguments)
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("SUCCESS"), "\(ending)")
    }

    @Test("with a test for each alert")
    func tested() throws {
        func names(_ file: String, _ key: String) throws -> Set<String> {
            let text = String(
                decoding: try readFile(packagePath("cluster/prometheus/\(file)")), as: UTF8.self)
            return Set(
                text.split { $0 == "\n" || $0 == "," || $0 == "}" }
                    .compactMap { line in
                        line.firstRange(of: "\(key): ").map {
                            String(line[$0.upperBound...].prefix { $0.isLetter })
                        }
                    })
        }
        let alerts = try names("tern.rules.yml", "alert")
        #expect(alerts.count > 5)
        #expect(try names("tern.rules.test.yml", "alertname") == alerts)
    }

    @Test(
        "from a live run in a form that promtool accepts",
        .needs(.program("promtool"), .program("curl")))
    func metrics() async throws {
        let run = RunFolder("a \"run\"\\n")
        let cluster = try await Cluster.unhurried(run)
        try await cluster.coordinator.line("Epoch [2/")
        let monitor = try await Monitor(run.path)
        let page = try await monitor.get("/metrics")
        let file = try writeFile("metrics.txt", Array(page.body.utf8))
        let check = try bench.start(["sh", "-c", "exec promtool check metrics <\"$0\"", file])
        let ending = try await check.end()
        #expect(ending.status == 0 && ending.output == "" && ending.errors == "", "\(ending)")
        #expect(page.body.contains("{run=\"a \\\"run\\\"\\\\n\""))
    }

    @Test(
        "from a live run: no part of an alert or the dashboard is empty",
        .needs(.program("prometheus"), .program("curl")))
    func expressions() async throws {
        let run = RunFolder("live")
        let cluster = try await Cluster.unhurried(run)
        try await cluster.coordinator.line("Epoch [2/")
        let monitor = try await Monitor(run.path)
        let prometheus = try await Prometheus(scraping: monitor)
        // A rate needs two scrapes.
        try await prometheus.finds("rate(tern_steps_total[10s]) > 0")

        let alerts = try await prometheus.alerts()
        #expect(alerts.count > 5)
        for (name, expression) in alerts {
            let operands = expression.components(separatedBy: " and on (run) ")
            for operand in operands.flatMap({ $0.components(separatedBy: " and on(run) ") }) {
                let comparison = try #require(
                    operand.firstMatch(of: /\ (==|!=|<|>|<=|>=) [-.0-9]+$/), "\(name): \(operand)")
                let left = String(operand[..<comparison.range.lowerBound])
                #expect(try await prometheus.count(left) > 0, "\(name): \(left)")
            }
        }
        let dashboard = try dashboardExpressions(run: "live")
        #expect(dashboard.count > 40)
        for expression in dashboard {
            #expect(try await prometheus.count(expression) > 0, "\(expression)")
        }
        #expect(try await prometheus.count("ALERTS{alertname!=\"TernDiskNearlyFull\"}") == 0)

        // A killed run fires a real alert.
        cluster.coordinator.kill()
        try await prometheus.finds(
            "ALERTS{alertname=\"TernRunDied\", alertstate=\"firing\", run=\"live\"}")
    }
}
