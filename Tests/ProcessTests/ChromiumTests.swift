import FoundationEssentials
import Requirements
import Testing

/// Chromium with an open page; it prints the value of each expression as soon as that is truthy.
private struct Browser {
    private let process: TernProcess

    init(_ url: String, width: Int = 1280, _ expressions: [String]) throws {
        process = try bench.start(
            ["python3", Python.script("read-page.py"), bench.path("chromium"), "\(width)", url]
                + expressions,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }

    /// The value of the expression with this number, once it is printed.
    func value<Value: Decodable>(_ number: Int) async throws -> Value {
        let line = try await eventually("value \(number): \(process.output)\(process.errors)") {
            let isOver = process.hasEnded
            let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast()
            guard lines.count > number else {
                if isOver { throw TestFailure(description: "\(process.output)\(process.errors)") }
                return String?.none
            }
            return String(lines[number])
        }
        return try JSONDecoder().decode(Value.self, from: Data(line.utf8))
    }

    /// Expects that Chromium closed without an error and printed this many values.
    func close(after count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let ending = try await process.end()
        #expect(ending.status == 0, "\(ending)", sourceLocation: sourceLocation)
        let shown: [String] = try await value(count)
        #expect(shown == [], sourceLocation: sourceLocation)
    }
}

@Suite(
    "Chromium shows a run", .bench,
    .needs(.program("chromium"), .program("python3")))
struct ChromiumTests {
    @Test("with slow and killed workers, without a reload or an error")
    func workers() async throws {
        let run = RunFolder()
        let recipe = Recipe.endless.with("--checkpoint-every", "0")
        let cluster = try await Cluster(recipe, try SampleData.large(), into: run)
        let slow = try cluster.worker("--slow-down", "80")
        try await cluster.coordinator.line("Step [20/60]")
        let monitor = try await Monitor(run.path)

        // The rows by their tags; the page already contained the first values when it was loaded.
        let names = "[...document.querySelectorAll('#workers-table tbody tr')]"
        let name = "row => row.querySelector('.name').textContent"
        let straggler = "row => row.querySelector('.tag.straggler')"
        let isLeft = "row => row.matches('.left') && row.querySelector('.tag.left')"
        let browser = try Browser(
            monitor.link,
            [
                "document.querySelector('#state').textContent",
                "\(names).length == 1 && \(names).map(\(name))",
                "document.querySelector('.link.live').textContent",
                // One row of the original page, and one that its script added.
                "\(names).length == 2 && \(names).map(\(name))",
                "\(names).filter(\(straggler)).length == 1 && document.querySelector('#bound')"
                    + " && [...\(names).filter(\(straggler)).map(\(name)),"
                    + " document.querySelector('#bound').textContent]",
                "\(names).filter(\(isLeft)).length == 1 && \(names).filter(\(isLeft)).map(\(name))",
                "\(names).filter(\(isLeft)).map(row => row.querySelector('.tag.left').textContent)",
                "performance.getEntriesByType('navigation').length",
            ])
        #expect(try await browser.value(0) == "training")
        let first: [String] = try await browser.value(1)
        #expect(first.count == 1 && first[0].hasSuffix(":\(slow.pid)"))
        #expect(try await browser.value(2) == "live")

        let fast = try cluster.worker()
        let both: [String] = try await browser.value(3)
        #expect(both.contains { $0.hasSuffix(":\(fast.pid)") })
        let late: [String] = try await browser.value(4)
        #expect(late.count == 2 && late[0].hasSuffix(":\(slow.pid)"))
        #expect(late.last == "straggler \(late[0])")

        fast.kill()
        let left: [String] = try await browser.value(5)
        #expect(left.count == 1 && left[0].hasSuffix(":\(fast.pid)"))
        let reason: [String] = try await browser.value(6)
        #expect(reason.first?.contains("its connection is closed") == true, "\(reason)")
        #expect(try await browser.value(7) == 1)
        try await browser.close(after: 8)
        #expect(!cluster.coordinator.hasEnded)
    }

    @Test("within the screen's width, and also lists and comparisons", arguments: [380, 1600])
    func width(pixels: Int) async throws {
        let data = try SampleData()
        try FileManager.default.createDirectory(
            atPath: bench.path("runs"), withIntermediateDirectories: false)
        for name in ["a", "b"] {
            _ = try await Recipe.small.train(data, into: RunFolder("runs/\(name)"))
        }
        let monitor = try await Monitor(bench.path("runs"))
        // Each page that fits leads to the next one.
        let pages = ["/", "/runs/a/", "/compare"]
        let browser = try Browser(
            monitor.link, width: pixels,
            zip(pages, ["/runs/a/", "/compare?run=a&run=b", "#end"]).map { page, next in
                "location.pathname == '\(page)' && document.readyState == 'complete'"
                    + " && innerWidth == \(pixels)"
                    + " && document.documentElement.scrollWidth <= innerWidth"
                    + " && (location.href = '\(next)')"
            })
        for number in pages.indices { let _: String = try await browser.value(number) }
        try await browser.close(after: pages.count)
    }
}
