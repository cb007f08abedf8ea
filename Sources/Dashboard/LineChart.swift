import Monitoring
import Watching

/// An SVG chart of curves over a run's steps.
package struct LineChart {
    /// A curve.
    package struct Series {
        /// The name in the legend.
        var name: String
        /// The values.
        var curve: Curve
        /// The colour, from 0 to 7.
        var colour: Int
        /// Whether the line is dashed, so that curves differ by more than colour.
        var isDashed = false

        /// A curve with a name.
        package init(name: String, curve: Curve, colour: Int, isDashed: Bool = false) {
            self.name = name
            self.curve = curve
            self.colour = colour
            self.isDashed = isDashed
        }
    }

    /// The chart's title.
    var title: String
    /// The curves.
    var series: [Series]
    /// Formats a value.
    var text: (Double) -> String
    /// Whether the value axis begins at zero.
    var beginsAtZero: Bool

    /// A chart of curves.
    package init(
        title: String, series: [Series], text: @escaping (Double) -> String = { fixed($0, 4) },
        beginsAtZero: Bool = true
    ) {
        self.title = title
        self.series = series
        self.text = text
        self.beginsAtZero = beginsAtZero
    }

    private static let (width, height) = (460.0, 230.0)
    private static let (left, right, top, bottom) = (52.0, 450.0, 8.0, 204.0)
    /// More points than this are finer than a screen.
    private static let mostPoints = 300

    /// The curves that have values.
    private var shown: [Series] { series.filter { !$0.curve.points.isEmpty } }

    /// Whether there are no values.
    var isEmpty: Bool { shown.isEmpty }

    /// The chart with its heading and legend; empty without values.
    package var html: String {
        let shown = shown
        guard !shown.isEmpty else { return "" }
        let legend = shown.map { series in
            let last = series.curve.last.map { " " + text($0) } ?? ""
            return "<li class=\"l\(series.colour)\">\(escaped(series.name))"
                + "<strong>\(escaped(last))</strong></li>"
        }
        return "<figure><h3>\(escaped(title))</h3>\(svg(shown))<ul class=\"legend\">"
            + legend.joined() + "</ul></figure>"
    }

    /// The chart alone, as a file with its own colours.
    package var file: String {
        svg(shown, isFile: true)
    }

    private func svg(_ shown: [Series], isFile: Bool = false) -> String {
        let points = shown.map { thinned($0.curve.points) }
        let all = points.joined()
        let x = Axis([0] + all.map { Double($0.step) }, ticks: 4, isTight: true)
        let y = Axis(all.flatMap { [$0.low, $0.high] }, including: beginsAtZero)
        var lines = zip(shown, points).map { line($0, $1, x, y) }
        lines.insert(grid(x, y), at: 0)
        let summary = shown.map { series in
            "\(series.name): \(series.curve.last.map(text) ?? "none") at last"
        }.joined(separator: "; ")
        let head =
            isFile
            ? "xmlns=\"http://www.w3.org/2000/svg\" width=\"920\" height=\"460\" " : ""
        return "<svg \(head)viewBox=\"0 0 \(Self.width) \(Self.height)\" role=\"img\" "
            + "aria-label=\"\(escaped("\(title). \(summary)"))\">"
            + (isFile ? Self.fileStyle(title) : "") + lines.joined() + "</svg>"
    }

    private static func fileStyle(_ title: String) -> String {
        let colours = [
            "#0072b2", "#c77700", "#00785a", "#b0578a", "#56b4e9", "#c14700", "#d9c400", "#8a939d",
        ]
        let rules = colours.enumerated().map { ".s\($0){stroke:\($1)}.f\($0){fill:\($1)}" }
        return "<title>\(escaped(title))</title><style>text{font:13px sans-serif;fill:#59636e}"
            + ".curve{fill:none;stroke-width:2}.band{opacity:.22}.dashed{stroke-dasharray:6 4}"
            + ".axis{stroke:#b8c0c8}.grid{stroke:#e1e5e9}\(rules.joined())</style>"
            + "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#fff\"/>"
    }

    private func thinned(_ points: [Curve.Point]) -> [Curve.Point] {
        guard points.count > Self.mostPoints else { return points }
        let size = (points.count + Self.mostPoints - 1) / Self.mostPoints
        return stride(from: 0, to: points.count, by: size).map { start in
            points[(start + 1)..<min(points.count, start + size)]
                .reduce(points[start]) { $0.joined(with: $1) }
        }
    }

    private func grid(_ x: Axis, _ y: Axis) -> String {
        var svg = ""
        for tick in y.ticks {
            let place = fixed(Self.vertical(y.place(tick)), 1)
            svg +=
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.right)\" y1=\"\(place)\" y2=\"\(place)\"/>"
            svg +=
                "<text x=\"\(Self.left - 6)\" y=\"\(place)\" dy=\"4\" text-anchor=\"end\">\(y.text(tick))</text>"
        }
        for tick in x.ticks {
            let place = fixed(Self.horizontal(x.place(tick)), 1)
            svg += "<text x=\"\(place)\" y=\"222\" text-anchor=\"middle\">\(x.text(tick))</text>"
        }
        svg +=
            "<line class=\"axis\" x1=\"\(Self.left)\" x2=\"\(Self.right)\" y1=\"\(Self.bottom)\" y2=\"\(Self.bottom)\"/>"
        return svg
    }

    private func line(_ series: Series, _ points: [Curve.Point], _ x: Axis, _ y: Axis) -> String {
        func place(_ point: Curve.Point, _ value: Double) -> (x: Double, y: Double) {
            (Self.horizontal(x.place(Double(point.step))), Self.vertical(y.place(value)))
        }
        var svg = ""
        if points.contains(where: { $0.low < $0.high }) {
            var outline = PointList()
            for point in points { outline.add(place(point, point.high)) }
            for point in points.reversed() { outline.add(place(point, point.low)) }
            svg += "<polygon class=\"band f\(series.colour)\" points=\"\(outline.text)\"/>"
        }
        var curve = PointList()
        for point in points { curve.add(place(point, point.mean)) }
        let dashed = series.isDashed ? " dashed" : ""
        svg +=
            "<polyline class=\"curve s\(series.colour)\(dashed)\" points=\"\(curve.text)\"/>"
        if points.count <= 40 {
            svg += points.map { point in
                let centre = place(point, point.mean)
                return "<circle class=\"f\(series.colour)\" r=\"3\" "
                    + "cx=\"\(fixed(centre.x, 1))\" cy=\"\(fixed(centre.y, 1))\">"
                    + "<title>\(escaped("step \(point.step): \(text(point.mean))"))</title></circle>"
            }.joined()
        }
        return svg
    }

    private static func horizontal(_ share: Double) -> Double { left + share * (right - left) }

    private static func vertical(_ share: Double) -> Double { bottom - share * (bottom - top) }
}
