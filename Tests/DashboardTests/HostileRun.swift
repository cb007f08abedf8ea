import Files
import Foundation
import Monitoring
import TestSupport
import Watching

/// A run whose names, reasons and paths an attacker chose to break a reader.
struct HostileRun {
    /// Texts that break a page, a picture, a line, a table or a terminal if they are not escaped.
    static let texts = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)",
        "\"\u{301} onmouseover=\"\u{301}alert(1)", "<\u{301}b>", "a\nb\r\nc",
        "\r\n# HELP x y\r\ny 1",
        "\u{1B}[2J\u{9B}31m", "\u{202E}txt.exe\u{2066}", "&lt;&amp;&#39;", "]]></style></svg>",
        "-->",
        "{{name}}{{{name}}}", "a|b`c`*d*_e_[f](http://g)", "\\\"\\n\\", "\u{0}\u{FFFE}\u{FFFF}",
        "\u{2028}\u{2029}\u{85}", "javascript:alert(1)", "语\u{E0001}", "\u{200B}\u{FEFF}",
        "\\\u{301}\"\u{301}", "\u{7F}", "@everyone #1 !x ~y", "..",
    ]

    private let folder = NSTemporaryDirectory() + "tern-dashboard-\(UUID().uuidString)"
    /// The folder of runs, which holds only this run.
    var path: String { folder }
    /// The run's own folder.
    let run: String

    /// Writes a run with a text in every field that another machine or person can set.
    init(_ text: String) throws {
        // A file name cannot hold these.
        let name = text.unicodeScalars.filter { $0 != "/" && $0.value != 0 }
        run = "\(folder)/\(String(String.UnicodeScalarView(name)).replacing("..", with: "x.."))"
        let host = "node"
        try SimulatedRun(workers: 3, steps: 300, stepsPerEpoch: 100, host: host, isOver: false)
            .write(to: run)
        let opened = try Folder(run)
        var lines: [EventLine] = sampleEvents(saying: text).compactMap {
            $0.line(at: 1_800_000_100)
        }
        for number in 0..<40 {
            var line = EventLine(
                time: 1_800_000_200, event: "worker_joined", level: text, text: text)
            (line.worker, line.host, line.kernels) = ("\(text)\(number)", text, text)
            (line.address, line.lanes) = (text, 2)
            lines.append(line)
            (line.event, line.reason) = ("worker_left", text)
            if number < 5 { lines.append(line) }
        }
        var end = EventLine(time: 1_800_000_300, event: "run_ended", level: "error")
        (end.status, end.reason, end.version, end.weights) = ("failed", text, text, text)
        lines.append(end)
        let known = try opened.read(EventsFile.name)
        try opened.writeAtomically(
            known + lines.flatMap { Array("\($0.json)\n".utf8) }, to: EventsFile.name)
        var timing = TimingLine(time: 1_800_000_300, interval: 1, seconds: 9, epoch: 1, step: 3)
        timing.bound = "straggler \(text)"
        timing.workers = [.init(worker: text)]
        let earlier = try opened.read(TimingFile.name)
        try opened.writeAtomically(
            earlier + Array("\(jsonText(timing, isSnakeCase: true))\n".utf8), to: TimingFile.name)
        let settings = ["data_path": text, "dataset": text, "cell": text, text: text]
        try opened.writeAtomically(Array(jsonText(settings).utf8), to: "config.json")
        var summary = RunSummary(
            status: text, dataset: text, workers: 2, epochs: 1, steps: 300, examples: 3000,
            wallSeconds: 1.5, lastEpoch: nil, weightsSHA256: text)
        summary.failure = ProcessFailure(process: text, pid: 1, status: 1, lines: [text])
        try opened.writeAtomically(Array(jsonText(summary).utf8), to: "summary.json")
    }

    /// The monitor's view of the run.
    func view() throws -> RunView { try RunWatch(run).poll() }

    /// Removes the folder.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
