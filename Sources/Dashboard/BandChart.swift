import Monitoring
import RunEvents
import Watching

/// An SVG chart of the time per phase: stacked bands over the seconds of training.
struct BandChart {
    /// The bands.
    var bands: PhaseBands

    private static let (width, height) = (920.0, 230.0)
    private static let (left, right, top, bottom) = (46.0, 910.0, 8.0, 200.0)

    /// The phases from bottom to top, the productive one first, with their legend's colours.
    private static let order: [(name: String, label: String, colour: Int)] = [
        ("first", "first sum: workers compute", 0), ("wait", "waiting for the slowest", 1),
        ("send", "send", 2), ("reduce", "reduce", 3), ("update", "update", 4),
        ("record", "record", 6), ("other", "tests, pauses", 7),
    ]

    /// The chart with its legend; empty without measurements.
    var html: String {
        let points = thinned(bands.points)
        guard let last = points.last, last.seconds > 0 else { return "" }
        let x = Axis([0, last.seconds], ticks: 8, isTight: true)
        let legend = Self.order.map { "<li class=\"l\($0.colour)\">\($0.label)</li>" }
        return
            "<figure class=\"wide\" tabindex=\"0\"><svg viewBox=\"0 0 \(Self.width) \(Self.height)\" role=\"img\" aria-label=\""
            + "Shares of the phases over the seconds of training\">"
            + areas(points, x) + axes(x)
            + "</svg><ul class=\"legend\">\(legend.joined())</ul></figure>"
    }

    private func thinned(_ points: [PhaseBands.Point]) -> [PhaseBands.Point] {
        var points = points
        while points.count > 256 {
            points = stride(from: 0, to: points.count, by: 2).map { index in
                index + 1 < points.count
                    ? points[index].joined(with: points[index + 1]) : points[index]
            }
        }
        return points
    }

    private func areas(_ points: [PhaseBands.Point], _ x: Axis) -> String {
        // The first interval starts at the left edge.
        var start = points[0]
        start.seconds = 0
        let points = [start] + points
        let places = points.map { point in
            Self.left + x.place(point.seconds) * (Self.right - Self.left)
        }
        let totals = points.map { point in
            TimingReport.Phases.parts.reduce(0.0) { $0 + point.phases[keyPath: $1.path] }
        }
        var floors = [Double](repeating: 0, count: points.count)
        var svg = ""
        for (name, _, colour) in Self.order {
            guard let path = TimingReport.Phases.parts.first(where: { $0.name == name })?.path
            else {
                continue
            }
            let tops = points.indices.map { index in
                let share = points[index].phases[keyPath: path] / totals[index]
                return floors[index] + (totals[index] > 0 ? share : 0)
            }
            var outline = PointList()
            for index in points.indices {
                outline.add((places[index], Self.vertical(tops[index])))
            }
            for index in points.indices.reversed() {
                outline.add((places[index], Self.vertical(floors[index])))
            }
            svg += "<polygon class=\"f\(colour)\" points=\"\(outline.text)\"/>"
            floors = tops
        }
        return svg
    }

    private func axes(_ x: Axis) -> String {
        var svg = ""
        for tick in x.ticks {
            let place = fixed(Self.left + x.place(tick) * (Self.right - Self.left), 1)
            svg += "<text x=\"\(place)\" y=\"220\" text-anchor=\"middle\">\(x.text(tick)) s</text>"
        }
        for share in [0, 0.5, 1] {
            let place = fixed(Self.vertical(share), 1)
            svg +=
                "<text x=\"\(Self.left - 6)\" y=\"\(place)\" dy=\"4\" text-anchor=\"end\">\(fixed(share * 100, 0))%</text>"
        }
        return svg
    }

    private static func vertical(_ share: Double) -> Double {
        bottom - min(1, share) * (bottom - top)
    }
}
