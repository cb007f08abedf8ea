import Bounds
import Monitoring
import TestSupport
import Testing
import Watching

@Suite("A run on a terminal")
struct TopScreenTests {
    private static let names = [
        "node", "語語語語語語語語語語語語語語語語語語語語語語語語語語語語語語語語", "👩‍👩‍👧‍👧🇩🇪🏳️‍🌈", "क्षिक्षिक्षि", "ก็ก็ก็",
        "\u{202E}\u{1B}[2J\n\r\u{9B}", String(repeating: "x\u{301}\u{302}", count: 100), "",
        String(repeating: "🇩🇪", count: 60), "\u{1112}\u{1161}\u{11AB}각", "１２３",
    ]

    private func view(_ name: String) -> RunView {
        var view = RunView(name: plainText(name), now: 2_000_000_000)
        var history = RunHistory()
        func line(_ event: String) -> EventLine {
            var line = EventLine(time: 1_800_000_000, event: event, level: "info", text: name)
            (line.worker, line.host, line.reason) = (name, name, name)
            (line.totalSteps, line.status) = (1000, "failed")
            return line.plain
        }
        for event in ["run_started", "worker_joined", "worker_late", "training_started"] {
            history.add(line(event))
        }
        for number in 0..<50 {
            var other = line("worker_joined")
            other.worker = plainText("\(name)\(number)")
            history.add(other)
        }
        var timing = TimingLine(time: 1, interval: 1, seconds: 9, epoch: 1, step: 3)
        timing.bound = plainText("straggler \(name)")
        timing.phases.wait = 0.5
        view.timing = timing
        for step in 1...500 {
            var line = MetricsLine()
            (line.step, line.epoch, line.seconds, line.loss) = (
                step, 1, Double(step), 1 / Double(step)
            )
            (line.accuracy, line.examples) = (0.5, 10)
            view.curves.add(line)
        }
        view.state = .training
        view.history = history
        view.problems = [plainText(name), "a problem"]
        return view
    }

    @Test(
        "fits into the columns and rows of the terminal",
        arguments: names, [20, 40, 80, 200])
    func fits(_ name: String, _ columns: Int) {
        for state in RunState.allCases {
            for rows in [8, 24, 60] {
                var view = view(name)
                view.state = state
                let lines = TopScreen(view, columns: columns, rows: rows).lines
                #expect(lines.count <= rows)
                for line in lines {
                    #expect(displayWidth(line) <= columns, "\(line)")
                    #expect(!line.unicodeScalars.contains { $0.value < 0x20 }, "\(line)")
                }
            }
        }
    }

    @Test("shows the run's name, state and steps, its workers and its newest lines")
    func content() {
        let text = TopScreen(view("node"), columns: 100, rows: 40).lines.joined(separator: "\n")
        for part in [
            "node  training", "step 500/1,000", "50.00%", "train loss", "WORKER", "node12",
            "bound by", "straggler node", "no news for", "and 37 more",
        ] { #expect(text.contains(part), "\(part) in \(text)") }
    }

    @Test("shows an unknown run, even on a terminal without a size")
    func empty() {
        let view = RunView(name: "run", now: 0)
        for (columns, rows) in [(0, 0), (-1, -1), (80, 24)] {
            #expect(TopScreen(view, columns: columns, rows: rows).lines.first == "run  unknown")
        }
    }
}
