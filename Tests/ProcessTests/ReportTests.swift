import FoundationEssentials
import Requirements
import Testing

@Suite("tern runs and tern report show finished runs", .bench)
struct ReportTests {
    /// Trains two runs that differ in one setting.
    private func trainTwo() async throws -> (first: Summary, second: Summary) {
        let data = try SampleData()
        try FileManager.default.createDirectory(
            atPath: bench.path("runs"), withIntermediateDirectories: false)
        return (
            try await Recipe.small.train(data, into: RunFolder("runs/a")),
            try await Recipe.small.with("--epochs", "3").train(data, into: RunFolder("runs/b<i>"))
        )
    }

    private func report(_ arguments: String...) async throws -> String {
        let ending = try await tern(["report"] + arguments)
        #expect(ending.status == 0 && ending.errors == "", "\(ending)")
        return ending.output
    }

    /// Expects a page that loads nothing from elsewhere.
    private func expectWhole(_ page: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(page.hasPrefix("<!doctype html>"), sourceLocation: sourceLocation)
        #expect(page.contains("</html>"), sourceLocation: sourceLocation)
        for match in page.matches(of: /\s(?:src|href|action|srcset|data-events)="([^"]*)"/) {
            let target = match.1
            #expect(
                target.hasPrefix("data:") || target.hasPrefix("#"), "\(target)",
                sourceLocation: sourceLocation)
        }
        for word in ["@import", "url(", "https://", "<link rel=\"stylesheet\""] {
            #expect(!page.contains(word), "\(word)", sourceLocation: sourceLocation)
        }
        let ids = page.matches(of: /\sid="([^"]*)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count, "\(ids)", sourceLocation: sourceLocation)
    }

    @Test("as one page that needs no network, for one run and for several")
    func page() async throws {
        let (first, _) = try await trainTwo()
        let (a, b) = (bench.path("runs/a"), bench.path("runs/b<i>"))
        #expect(try await report(a) == "report.html\n")
        let one = String(decoding: try readFile(bench.path("report.html")), as: UTF8.self)
        expectWhole(one)
        #expect(one.contains("id=\"state\">completed<"))
        #expect(one.contains(first.weights.prefix(16)))
        #expect(one.contains("<svg") && one.contains("Confusion"))

        let file = bench.path("both.html")
        #expect(try await report(a, b, "--output", file) == "\(file)\n")
        let both = String(decoding: try readFile(file), as: UTF8.self)
        expectWhole(both)
        #expect(both.contains("<th scope=\"row\">epochs</th><td>2</td><td>3</td>"))
        #expect(both.contains("b&lt;i&gt;") && !both.contains("<i>"))
        #expect(try await report(a, "--output", "-").contains("<!doctype html>"))
    }

    @Test("as pictures and as Markdown")
    func others() async throws {
        let (first, second) = try await trainTwo()
        let (a, b) = (bench.path("runs/a"), bench.path("runs/b<i>"))
        let table = try await report(a, b, "--format", "markdown", "--pictures", "pictures")
        let rows = table.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false)
        }
        #expect(rows.count > 10 && rows.allSatisfy { $0.count == 5 }, "\(table)")
        #expect(table.hasPrefix("| run | a | b&#60;i&#62; |\n| --- | --- | --- |\n"))
        #expect(table.contains("| epochs | 2 | 3 |\n"))
        #expect(table.contains("| weights (SHA-256) | \(first.weights) | \(second.weights) |"))
        let pictures = try FileManager.default.contentsOfDirectory(atPath: bench.path("pictures"))
        #expect(pictures.count > 2 && pictures.contains("test-loss.svg"))
        for name in pictures {
            let picture = String(
                decoding: try readFile(bench.path("pictures/\(name)")), as: UTF8.self)
            #expect(picture.contains("xmlns=\"http://www.w3.org/2000/svg\""), "\(name)")
            #expect(picture.hasSuffix("</svg>\n") || picture.hasSuffix("</svg>"), "\(name)")
        }
        try await expectRefusal(["report", bench.path("runs/c")], status: 66, "holds no run")
    }

    @Test(
        "as a sorted table, and as JSON that jq reads",
        .needs(.program("jq")))
    func runs() async throws {
        let (first, second) = try await trainTwo()
        let table = try await tern(["runs", bench.path("runs")])
        #expect(table.status == 0 && table.errors == "")
        let lines = table.output.split(separator: "\n").filter { $0.contains("completed") }
        #expect(lines.count == 2 && lines[0].hasPrefix("a ") && lines[1].hasPrefix("b<i> "))
        #expect(lines[0].contains(first.weights.prefix(12)))
        #expect(table.output.contains("epochs"))

        for (order, names) in [("name", ["a", "b<i>"]), ("steps", ["b<i>", "a"])] {
            let json = try await tern(
                ["runs", bench.path("runs"), "--format", "json", "--sort", order])
            let file = try writeFile("runs-\(order).json", Array(json.output.utf8))
            let jq = try await bench.start(["jq", "-r", ".[] | .run, .state, .weights", file]).end()
            let weights = ["a": first.weights, "b<i>": second.weights]
            #expect(
                jq.output
                    == names.map { "\($0)\ncompleted\n\(weights[$0] ?? "")\n" }.joined(),
                "\(jq)")
        }
        let accurate = try await tern(
            ["runs", bench.path("runs"), "--format", "json", "--sort", "accuracy"])
        let accuracies = try JSONDecoder().decode([Status].self, from: Data(accurate.output.utf8))
            .compactMap(\.testAccuracy)
        #expect(accuracies.count == 2 && accuracies[0] >= accuracies[1])
        try await expectRefusal(["runs", bench.path("none")], status: 66, "holds no run")
    }
}
