import Monitoring
import Watching

/// An SVG chart of a run over the time of day.
///
/// It shows the run's states, and when each worker joined, was late and left.
struct TimelineChart {
    /// The run.
    var view: RunView

    private static let width = 920.0
    private static let (left, right) = (200.0, 910.0)
    private static let rowHeight = 22.0
    /// The maximum number of workers shown; beyond it, those with the most wrong or late sums.
    private static let mostWorkers = 30

    /// The chart, or a sentence if nothing has happened yet.
    var html: String {
        guard let start = view.history.start else {
            return "<p class=\"dim\">Nothing has happened yet.</p>"
        }
        let workers = chosenWorkers
        let end = max(start + 1, view.history.end ?? lastMoment)
        let axis = Axis([0, end - start], ticks: 8, isTight: true)
        func place(_ time: Double) -> Double {
            Self.left + axis.place(time - start) * (Self.right - Self.left)
        }
        let height = Self.rowHeight * Double(workers.count + 1) + 26
        var svg = runRow(end, place)
        for (index, worker) in workers.enumerated() {
            svg += row(worker, Self.rowHeight * Double(index + 1), end, place)
        }
        for tick in axis.ticks {
            svg +=
                "<text x=\"\(fixed(place(start + tick), 1))\" y=\"\(height - 6)\" text-anchor=\"middle\">"
                + "\(axis.text(tick)) s</text>"
        }
        let hidden = view.history.workers.count - workers.count
        let note =
            hidden > 0
            ? "<p class=\"dim small\">\(hidden) workers to whom less happened have no row.</p>" : ""
        return
            "<figure class=\"wide\" tabindex=\"0\"><svg viewBox=\"0 0 \(Self.width) \(height)\" role=\"img\" aria-label=\""
            + "Times of the run's states, and of each worker's joining, lateness and leaving\">\(svg)</svg>"
            + Self.legend + "</figure>" + note
    }

    private static let legend =
        "<ul class=\"legend\"><li class=\"l2\">training, or here</li><li class=\"l1\">waiting, paused, "
        + "or on standby</li><li class=\"l7\">checkpoint</li><li class=\"l5\">late ▲, wrong or dead ✕, left ■, resumed ▶</li></ul>"

    private var lastMoment: Double {
        view.state == .dead
            ? [view.history.lastTime, view.timing?.time, view.curves.lastTime].compactMap(\.self)
                .max()
                ?? view.now
            : view.now
    }

    private var chosenWorkers: [WorkerView] {
        let workers = view.history.workers
        guard workers.count > Self.mostWorkers else { return workers }
        func weight(_ index: Int) -> Int {
            let worker = workers[index]
            return 100 * worker.strikes + 10 * worker.late + (worker.reason == nil ? 0 : 1)
        }
        let order = workers.indices.sorted { (weight($1), $0) < (weight($0), $1) }
        return order.prefix(Self.mostWorkers).sorted().map { workers[$0] }
    }

    private func runRow(_ end: Double, _ place: (Double) -> Double) -> String {
        let spans = view.history.spans
        var svg = label("the run", 0)
        for (index, span) in spans.enumerated() where !span.state.isOver {
            let stop = index + 1 < spans.count ? spans[index + 1].start : end
            let colour = span.state == .training || span.state == .stopping ? 2 : 1
            svg += bar(place(span.start), place(stop), 0, colour, "\(span.state.rawValue)")
        }
        for time in view.history.checkpointTimes {
            svg += mark("|", place(time), 0, 7, "checkpoint")
        }
        for time in view.history.restartTimes {
            svg += mark("▶", place(time), 0, 5, "another session began")
        }
        if view.state == .dead { svg += mark("✕", place(end), 0, 5, "dead") }
        return svg
    }

    private func row(
        _ worker: WorkerView, _ top: Double, _ end: Double, _ place: (Double) -> Double
    ) -> String {
        var svg = label(worker.name, top)
        let colour = worker.state == .standby ? 1 : 2
        svg += bar(place(worker.joined), place(worker.left ?? end), top, colour, worker.name)
        for time in worker.lateTimes { svg += mark("▲", place(time), top, 5, "late") }
        for time in worker.wrongTimes { svg += mark("✕", place(time), top, 5, "wrong sums") }
        if let left = worker.left, view.history.end != left {
            svg += mark("■", place(left), top, 5, "left: \(worker.reason ?? "")")
        }
        return svg
    }

    private func label(_ name: String, _ top: Double) -> String {
        let text = name.count > 26 ? "…" + name.suffix(25) : name
        return
            "<text class=\"ink\" x=\"\(Self.left - 8)\" y=\"\(fixed(top + 15, 1))\" text-anchor=\"end\">"
            + "\(escaped(text))<title>\(escaped(name))</title></text>"
    }

    private func bar(
        _ start: Double, _ end: Double, _ top: Double, _ colour: Int, _ title: String
    ) -> String {
        "<rect class=\"f\(colour)\" opacity=\"0.55\" x=\"\(fixed(start, 1))\" y=\"\(fixed(top + 4, 1))\" "
            + "width=\"\(fixed(max(1, end - start), 1))\" height=\"14\" rx=\"2\"><title>\(escaped(title))</title></rect>"
    }

    private func mark(
        _ sign: String, _ place: Double, _ top: Double, _ colour: Int, _ title: String
    ) -> String {
        "<text class=\"f\(colour)\" x=\"\(fixed(place, 1))\" y=\"\(fixed(top + 16, 1))\" text-anchor=\"middle\">"
            + "\(sign)<title>\(escaped(title))</title></text>"
    }
}
