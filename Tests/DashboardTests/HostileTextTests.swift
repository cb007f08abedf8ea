import Dashboard
import Files
import Foundation
import Monitoring
import Testing
import Watching

@Suite("Texts from an attacker")
struct HostileTextTests {
    private func with(_ text: String, _ body: (HostileRun, RunView) throws -> Void) throws {
        let run = try HostileRun(text)
        defer { run.remove() }
        let view = try run.view()
        #expect(view.problems == [])
        #expect(view.skippedLines == 0)
        #expect(view.history.workers.count > 40)
        try body(run, view)
    }

    @Test("are escaped scalar by scalar")
    func escapes() {
        #expect(escaped("a<b>&\"c\"'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;")
        #expect(escaped("\"\u{301}") == "&quot;\u{301}")
        #expect(escaped("<\u{301}\u{302}") == "&lt;\u{301}\u{302}")
        #expect(escaped("&\u{200D}'\u{FE0F}") == "&amp;\u{200D}&#39;\u{FE0F}")
        #expect(escaped("\r\n<") == "\r\n&lt;")
        #expect(escaped("plain é 語") == "plain é 語")
        #expect(escaped("") == "")
    }

    @Test("appear in the page of a run only as text", arguments: HostileRun.texts)
    func page(_ text: String) throws {
        try with(text) { _, view in
            let page = Pages.run(view, events: "/events", hasList: true)
            expectSound(page)
            #expect(
                !page.unicodeScalars.contains {
                    "\u{202E}\u{1B}\u{2028}".unicodeScalars.contains($0)
                })
            for part in RunPage(view).parts.values { expectSound(part) }
            // The text is present, not omitted.
            let reason = try #require(view.history.reason)
            #expect(Markup(page).text.contains(reason))
        }
    }

    @Test("appear in the list of runs and in comparisons only as text", arguments: HostileRun.texts)
    func lists(_ text: String) throws {
        try with(text) { run, view in
            let runs = try RunList(run.path).poll()
            #expect(runs.count == 1)
            let page = Pages.list(runs, folder: text)
            let read = Markup(page, controls: true)
            #expect(read.faults == [])
            // A form sends the raw name; all visible text is escaped.
            #expect(read.values(of: "value") == [runs[0].folder])
            #expect(
                !read.text.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || $0 == "\u{202E}"
                })
            expectSound(Pages.compare([view, view], events: "/events"))
        }
    }

    @Test("appear in a report only as text", arguments: HostileRun.texts)
    func report(_ text: String) throws {
        try with(text) { _, view in
            expectSound(Pages.report([view], now: 0))
            expectSound(Pages.report([view, view], now: 0))
        }
    }

    @Test("leave each picture well-formed", arguments: HostileRun.texts)
    func pictures(_ text: String) throws {
        try with(text) { _, view in
            let pictures = Pages.pictures([view]) + Pages.pictures([view, view])
            #expect(pictures.count > 6)
            for picture in pictures {
                expectSound(picture.svg, svg: true)
                #expect(picture.name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "-") })
            }
        }
    }

    @Test("cannot change the tables of a Markdown report", arguments: HostileRun.texts)
    func markdown(_ text: String) throws {
        try with(text) { _, view in
            let text = MarkdownReport([view, view]).text
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for line in lines {
                #expect(line.unicodeScalars.count { $0 == "|" } == 4, "\(line)")
                #expect(
                    !line.unicodeScalars.contains {
                        "<>`*[]@\u{202E}\u{1B}\r".unicodeScalars.contains($0)
                    })
            }
            #expect(lines.count(where: { $0.hasPrefix("| --- |") }) == 1)
        }
    }

    @Test(
        "leave Prometheus' text well-formed, as values of labels",
        arguments: HostileRun.texts)
    func prometheus(_ text: String) throws {
        try with(text) { run, _ in
            let runs = try RunList(run.path).poll()
            let read = PrometheusReader(PrometheusText.text(runs))
            #expect(read.faults == [])
            let worker = try #require(runs.first?.view.history.workers.last)
            let samples = read.samples.filter { $0.labels["worker"] == worker.name }
            #expect(!samples.isEmpty)
            #expect(samples.allSatisfy { $0.labels["run"] == runs[0].folder })
        }
    }

    @Test("appear in /status.json as JSON strings", arguments: HostileRun.texts)
    func status(_ text: String) throws {
        try with(text) { _, view in
            let json = jsonText(RunStatus(view), isSnakeCase: true)
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
            let fields = try #require(object as? [String: Any])
            #expect(fields["run"] as? String == view.name)
            #expect(!json.contains("\n"))
        }
    }
}
