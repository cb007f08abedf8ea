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
            fixed(Self.left + x.place(point.seconds) * (Self.right - Self.left), 1)
        }
        var floors = [Double](repeating: 0, count: points.count)
        var svg = ""
        for (name, _, colour) in Self.order {
            guard let path = TimingReport.Phases.parts.first(where: { $0.name == name })?.path
            else {
                continue
            }
            let tops = points.indices.map { index in
                let phases = points[index].phases
                let all = TimingReport.Phases.parts.reduce(0.0) { $0 + phases[keyPath: $1.path] }
                return floors[index] + (all > 0 ? phases[keyPath: path] / all : 0)
            }
            let upper = points.indices.map { "\(places[$0]),\(Self.vertical(tops[$0]))" }
            let lower = points.indices.reversed().map {
                "\(places[$0]),\(Self.vertical(floors[$0]))"
            }
            svg +=
                "<polygon class=\"f\(colour)\" points=\"\((upper + lower).joined(separator: " "))\"/>"
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
            let place = Self.vertical(share)
            svg +=
                "<text x=\"\(Self.left - 6)\" y=\"\(place)\" dy=\"4\" text-anchor=\"end\">\(fixed(share * 100, 0))%</text>"
        }
        return svg
    }

    private static func vertical(_ share: Double) -> String {
        fixed(bottom - min(1, share) * (bottom - top), 1)
    }
}
