import Dashboard
import Testing
import Watching

@Suite("A line chart")
struct LineChartTests {
    private func chart(_ values: [Double], name: String = "train") -> LineChart {
        var curve = Curve()
        for (step, value) in values.enumerated() { curve.add(value, at: step + 1) }
        return LineChart(title: "Loss", series: [.init(name: name, curve: curve, colour: 0)])
    }

    @Test("without values has no figure, and its file no line")
    func empty() {
        #expect(chart([]).html == "")
        #expect(chart([.nan, .infinity]).html == "")
        #expect(LineChart(title: "Loss", series: []).html == "")
        expectSound(chart([]).file, svg: true)
        #expect(!chart([]).file.contains("polyline"))
    }

    @Test("keeps all points within the picture", arguments: [1, 2, 40, 41, 300, 301, 1024, 5000])
    func places(_ count: Int) throws {
        let patterns: [(Int) -> Double] = [
            { Double($0) }, { _ in 1 }, { $0 % 2 == 0 ? 1e308 : -1e308 }, { 1 / Double($0 + 1) },
            { _ in .leastNonzeroMagnitude }, { _ in -7 },
        ]
        for pattern in patterns {
            let chart = chart((0..<count).map(pattern))
            for (markup, isFile) in [(chart.html, false), (chart.file, true)] {
                expectSound(markup, svg: isFile)
                let read = Markup(markup)
                let lines = read.elements.filter { $0.name == "polyline" || $0.name == "polygon" }
                #expect(lines.count { $0.name == "polyline" } == 1)
                for line in lines {
                    let places = (line.attributes["points"] ?? "").split(separator: " ").map {
                        $0.split(separator: ",").compactMap { Double(String($0)) }
                    }
                    #expect(!places.isEmpty && places.count <= 2 * 1024)
                    for place in places {
                        try #require(place.count == 2)
                        #expect((0...460).contains(place[0]) && (0...230).contains(place[1]))
                    }
                }
                // If the points are few, each has a marker to hover over.
                #expect(read.elements.count { $0.name == "circle" } == (count <= 40 ? count : 0))
            }
        }
    }

    @Test("describes the last values in text, for screen readers")
    func words() throws {
        let read = Markup(chart([2, 1, 0.5], name: "a \"name\"").html)
        let label = try #require(read.values(of: "aria-label").first)
        #expect(label == "Loss. a \"name\": 0.5000 at last")
        #expect(read.text.contains("a \"name\""))
    }

    @Test("keeps its colours as a separate file")
    func file() {
        let file = chart([1, 2]).file
        #expect(file.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(file.contains("<style>"))
    }
}
