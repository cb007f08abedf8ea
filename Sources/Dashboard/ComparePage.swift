import Monitoring
import Watching

/// A page that compares runs: their curves in common charts, and the settings that differ.
struct ComparePage {
    private let views: [RunView]

    /// The maximum number of runs that one chart can tell apart.
    static let mostRuns = 8

    /// A page for these runs.
    init(_ views: [RunView]) { self.views = views }

    /// The parts of the page as HTML, by their place's name.
    var parts: [String: String] { ["curves": curves, "differences": differences] }

    private var curves: String { charts.map(\.chart.html).joined() }

    /// The charts, with their file names.
    var charts: [(file: String, chart: LineChart)] {
        [
            ("test-accuracy", chart("Test accuracy", \.testAccuracy, percent, beginsAtZero: false)),
            ("test-loss", chart("Test loss", \.testLoss, { fixed($0, 4) })),
            ("train-loss", chart("Train loss", \.trainLoss, { fixed($0, 4) })),
            (
                "train-accuracy",
                chart("Train accuracy", \.trainAccuracy, percent, beginsAtZero: false)
            ),
            ("examples-per-second", chart("Examples a second", \.examplesPerSecond, grouped)),
            ("learning-rate", chart("Learning rate", \.learningRate, significant)),
        ]
    }

    private func chart(
        _ title: String, _ path: KeyPath<RunCurves, Curve>, _ text: @escaping (Double) -> String,
        beginsAtZero: Bool = true
    ) -> LineChart {
        let series = views.prefix(Self.mostRuns).enumerated().map { index, view in
            LineChart.Series(
                name: view.name, curve: view.curves[keyPath: path], colour: index,
                isDashed: index % 2 == 1)
        }
        return LineChart(title: title, series: series, text: text, beginsAtZero: beginsAtZero)
    }

    private var differences: String {
        var rows = SettingDifferences.names(views).map { name in
            ["name": name, "cells": views.map { $0.setting(name) }] as [String: Any]
        }
        func row(_ name: String, _ value: (RunView) -> String?) {
            rows.append(["name": name, "cells": views.map { value($0) ?? "" }])
        }
        row("state") { $0.state.rawValue }
        row("steps") { grouped(Double($0.step)) }
        row("train loss") { $0.curves.trainLoss.last.map { fixed($0, 4) } }
        row("test loss") { $0.curves.testLoss.last.map { fixed($0, 4) } }
        row("test accuracy") { $0.curves.testAccuracy.last.map(percent) }
        row("examples/s") { $0.examplesPerSecond.map(grouped) }
        row("time") { clockText(seconds: $0.seconds) }
        row("weights") { ($0.summary?.weightsSHA256).map { String($0.prefix(16)) } }
        return Templates.render(.differences, ["runs": views.map(\.name), "rows": rows])
    }
}
