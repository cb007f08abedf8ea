import Monitoring
import Watching

/// A Markdown table (GitHub's dialect) of runs: results, and the settings that differ.
package struct MarkdownReport {
    private let views: [RunView]

    /// A report on runs.
    package init(_ views: [RunView]) { self.views = views }

    /// The text.
    package var text: String {
        var rows = [["run"] + views.map(\.name), views.map { _ in "---" } + ["---"]]
        func row(_ name: String, _ value: (RunView) -> String?) {
            rows.append([name] + views.map { value($0) ?? "" })
        }
        row("state") { $0.state.rawValue }
        row("data set") { $0.setting("dataset") }
        row("network") { "\($0.setting("cell")) \($0.setting("hidden"))" }
        for name in SettingDifferences.names(views)
        where !["dataset", "cell", "hidden"].contains(name) {
            row(name) { $0.setting(name) }
        }
        row("steps") { grouped(Double($0.step)) }
        row("epochs done") { "\($0.epoch)" }
        row("train loss") { $0.curves.trainLoss.last.map { fixed($0, 4) } }
        row("test loss") { $0.curves.testLoss.last.map { fixed($0, 4) } }
        row("test accuracy") { $0.curves.testAccuracy.last.map(percent) }
        row("time") { clockText(seconds: $0.seconds) }
        row("examples/s") { $0.examplesPerSecond.map(grouped) }
        row("workers") { "\(max($0.summary?.workers ?? 0, $0.history.members))" }
        row("faults") { view in
            let counts = view.history.counts
            return
                "\(counts.left) left, \(counts.late) late, \(counts.wrong) wrong, \(counts.rewinds) rewinds"
        }
        row("weights (SHA-256)") { $0.summary?.weightsSHA256 }
        return rows.map { cells in
            "| " + cells.map(Self.escaped).joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    /// A text with Markdown's special characters escaped.
    private static func escaped(_ text: String) -> String {
        guard text != "---" else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "|", "`", "*", "_", "[", "]", "<", ">", "!", "#", "~", "@":
                // A numeric reference shows the character without meaning, even to scanners for
                // @names.
                escaped += "&#\(scalar.value);"
            case "&": escaped += "&amp;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
