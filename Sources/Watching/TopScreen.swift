import Bounds
import Monitoring
import RunEvents

/// A run on a terminal's screen.
public struct TopScreen {
    private let view: RunView
    private let columns: Int
    private let rows: Int

    /// A screen with the terminal's size.
    public init(_ view: RunView, columns: Int, rows: Int) {
        self.view = view
        self.columns = max(20, columns)
        self.rows = max(8, rows)
    }

    /// The lines, which fit the terminal.
    public var lines: [String] {
        var lines = head + curves
        lines += [""] + workers(atMost: max(3, (rows - lines.count) / 2))
        let rest = rows - lines.count - 2
        if rest > 0 { lines += [""] + log(atMost: rest) }
        return lines.prefix(rows).map { fitted($0, columns) }
    }

    private var head: [String] {
        let share = view.progress ?? 0
        let width = max(10, min(40, columns - 30))
        let filled = Int((share * Double(width)).rounded())
        let bar =
            "[" + String(repeating: "=", count: filled)
            + String(repeating: " ", count: width - filled) + "]"
        let total = view.totalSteps.map { "/\(grouped(Double($0)))" } ?? ""
        let left = view.secondsLeft.map { ", \(clockText(seconds: $0)) left" } ?? ""
        var lines = [
            "\(view.name)  \(view.state.rawValue)",
            "\(bar) \(percent(share))  step \(grouped(Double(view.step)))\(total)",
            "epoch \(view.epoch)  \(clockText(seconds: view.seconds))\(left)",
        ]
        if let silence = view.silence, silence > 10, !view.state.isOver {
            lines.append("no news for \(clockText(seconds: silence))")
        }
        if let reason = view.history.reason { lines.append(reason) }
        return lines + view.problems
    }

    private var curves: [String] {
        let curves = view.curves
        var lines: [String] = []
        func add(_ name: String, _ curve: Curve, _ text: (Double) -> String) {
            guard let last = curve.last else { return }
            let value = "\(padded(name, 15)) \(padded(text(last), 10))"
            lines.append("\(value) \(sparkline(curve, width: max(0, columns - value.count - 2)))")
        }
        add("train loss", curves.trainLoss) { fixed($0, 4) }
        add("train accuracy", curves.trainAccuracy, percent)
        add("test accuracy", curves.testAccuracy, percent)
        add("examples/s", curves.examplesPerSecond, grouped)
        guard !view.state.isOver, let timing = view.timing, timing.interval > 0 else {
            return lines
        }
        let parts = TimingReport.Phases.parts.map { part in
            "\(part.name) \(fixed(100 * timing.phases[keyPath: part.path] / timing.interval, 0))%"
        }
        lines.append("\(padded("bound by", 15)) \(timing.bound ?? "")")
        lines.append("\(padded("time", 15)) \(parts.joined(separator: "  "))")
        return lines
    }

    private func workers(atMost most: Int) -> [String] {
        let all = view.history.workers
        // Current workers first, the slowest to answer at the top.
        let order = all.indices.sorted { first, second in
            func rank(_ index: Int) -> (Int, Double) {
                (all[index].state == .left ? 1 : 0, -(all[index].answer ?? 0))
            }
            return (rank(first).0, rank(first).1, first) < (rank(second).0, rank(second).1, second)
        }
        let nameWidth = max(12, min(36, columns - 52))
        let heading =
            padded("WORKER", nameWidth)
            + [("STATE", 8), ("LANES", 6), ("SHARDS", 7), ("ANSWER", 9), ("LATE", 6), ("WRONG", 6)]
            .map { before($0.0, $0.1) }.joined()
        let rows = order.prefix(most).map { index in
            let worker = all[index]
            let answer = worker.answer.map { fixed($0 * 1000, 1) + "ms" } ?? ""
            return padded(worker.name, nameWidth) + before(worker.state.rawValue, 8)
                + before("\(worker.lanes)", 6) + before("\(worker.shards)", 7) + before(answer, 9)
                + before("\(worker.late)", 6) + before("\(worker.strikes)", 6)
        }
        let hidden = all.count - rows.count
        return [heading] + rows + (hidden > 0 ? ["and \(hidden) more"] : [])
    }

    private func log(atMost most: Int) -> [String] {
        view.history.log.suffix(most).map { line in
            "\(localTimestamp(line.time).suffix(8)) \(padded(line.level, 7)) \(line.text ?? "")"
        }
    }

    private func sparkline(_ curve: Curve, width: Int) -> String {
        guard width > 1, let low = curve.points.map(\.mean).min(),
            let high = curve.points.map(\.mean).max()
        else { return "" }
        let count = min(width, curve.points.count)
        let bars = Array("▁▂▃▄▅▆▇█")
        return String(
            (0..<count).map { place in
                let point = curve.points[(place + 1) * curve.points.count / count - 1]
                // Divides first, because the difference of two large values may overflow.
                let share = high > low ? (point.mean / 2 - low / 2) / (high / 2 - low / 2) : 0
                return bars[min(7, max(0, Int(share * 8)))]
            })
    }
}

/// A text padded or cut to a width, aligned left.
private func padded(_ text: String, _ width: Int) -> String {
    let text = fitted(text, width)
    return text + String(repeating: " ", count: max(0, width - displayWidth(text)))
}

/// A text padded to a width, aligned right.
private func before(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - displayWidth(text))) + text
}
