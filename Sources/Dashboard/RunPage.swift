import FoundationEssentials
import Monitoring
import RunEvents
import Watching

/// A run's page in parts, for the server, the streams of updates and reports.
package struct RunPage {
    private let view: RunView

    /// A page of a run's view.
    package init(_ view: RunView) { self.view = view }

    /// The parts of the page as HTML, by their place's name.
    package var parts: [String: String] { drawn(after: nil).parts }

    /// A page as drawn at one time.
    package struct Drawn {
        /// What it shows.
        let view: RunView
        /// Its parts, by their place's name.
        package let parts: [String: String]
        /// How often it was drawn before.
        let turn: Int
    }

    /// The page, which keeps parts of the last time it was drawn.
    ///
    /// The machine may be busy training. So what has not changed is kept, and while a run goes on,
    /// the charts and the tables are drawn in turns.
    package func drawn(after last: Drawn?) -> Drawn {
        let turn = last.map { $0.turn + 1 } ?? 0
        func part(_ name: String, isKept: (RunView) -> Bool, _ html: () -> String) -> String {
            guard let last, let old = last.parts[name], isKept(last.view) else { return html() }
            return old
        }
        func goesOn(_ last: RunView) -> Bool { last.state == view.state && !view.state.isOver }
        let parts = [
            "state": state,
            "curves": part("curves", isKept: { goesOn($0) && turn % 2 == 0 }) { curves },
            "time": part("time", isKept: { goesOn($0) && turn % 2 == 1 }) { time },
            "workers": part("workers", isKept: { goesOn($0) && turn % 2 == 1 }) {
                WorkersTable(view).html
            },
            "timeline": part("timeline", isKept: { goesOn($0) && turn % 2 == 0 }) {
                TimelineChart(view: view).html
            },
            "test": part("test", isKept: { $0.test == view.test }) { test },
            "log": part("log", isKept: { $0.history.log == view.history.log }) { log },
            "settings": part("settings", isKept: { $0.settings == view.settings }) { settings },
        ]
        return Drawn(view: view, parts: parts, turn: turn)
    }

    /// The run's charts, with their file names.
    var charts: [(file: String, chart: LineChart)] {
        let curves = view.curves
        return [
            (
                "loss",
                LineChart(
                    title: "Loss",
                    series: [
                        .init(name: "train", curve: curves.trainLoss, colour: 0),
                        .init(name: "test", curve: curves.testLoss, colour: 1, isDashed: true),
                    ])
            ),
            (
                "accuracy",
                LineChart(
                    title: "Accuracy",
                    series: [
                        .init(name: "train", curve: curves.trainAccuracy, colour: 0),
                        .init(name: "test", curve: curves.testAccuracy, colour: 1, isDashed: true),
                    ], text: percent, beginsAtZero: false)
            ),
            (
                "examples-per-second",
                LineChart(
                    title: "Examples a second",
                    series: [.init(name: "rate", curve: curves.examplesPerSecond, colour: 2)],
                    text: grouped)
            ),
            (
                "learning-rate",
                LineChart(
                    title: "Learning rate",
                    series: [.init(name: "rate", curve: curves.learningRate, colour: 3)],
                    text: significant)
            ),
        ]
    }

    private var curves: String {
        let html = charts.map(\.chart.html).joined()
        return html.isEmpty ? "<p class=\"dim\">No step has been logged yet.</p>" : html
    }

    private var state: String {
        var values: [String: Any] = [
            "state": view.state.rawValue, "explanation": explanation, "problems": problems,
            "tiles": tiles.map { ["name": $0.name, "value": $0.value, "isWord": $0.isWord] },
        ]
        values["progress"] = view.progress.map { fixed($0, 5) }
        values["percent"] = view.progress.map(percent)
        return Templates.render(.state, values)
    }

    private var explanation: String {
        switch view.state {
        case .waiting: "waits for workers"
        case .training: silenceNote ?? "makes steps"
        case .paused:
            "has \(view.history.members) workers and needs \(view.history.needed.map { "\($0)" } ?? "more")"
        case .rewinding: "goes back, since a worker computed wrongly"
        case .stopping: "finishes its step and writes a checkpoint"
        case .completed: "all steps are made"
        case .interrupted: "was stopped, and can go on"
        case .diverged: "the loss is not finite any more: \(view.history.reason ?? "")"
        case .failed: view.history.reason ?? "has given up"
        case .dead: "the coordinator is gone without a word; to go on: tern train --resume"
        case .unknown: "has not begun, or keeps no events"
        }
    }

    /// A note for a run that should make steps but does not.
    private var silenceNote: String? {
        guard let silence = view.silence, silence > 10 else { return nil }
        return "no news for \(clockText(seconds: silence))"
    }

    private var tiles: [(name: String, value: String, isWord: Bool)] {
        let curves = view.curves
        func tile(_ name: String, _ value: String?, isWord: Bool = false) -> (String, String, Bool)
        {
            (name, value ?? "–", isWord)
        }
        let total = view.totalSteps.map { " / \(grouped(Double($0)))" } ?? ""
        let epochs = view.configuration.map { " / \($0.training.epochs)" } ?? ""
        return [
            tile("Step", grouped(Double(view.step)) + total),
            tile("Epoch", "\(view.epoch)\(epochs)"),
            tile("Time", clockText(seconds: view.seconds)),
            tile("Time left", view.secondsLeft.map { clockText(seconds: $0) }),
            tile("Train loss", curves.trainLoss.last.map { fixed($0, 4) }),
            tile("Test accuracy", curves.testAccuracy.last.map(percent)),
            tile("Examples/s", view.examplesPerSecond.map(grouped)),
            tile("Workers", "\(view.history.members)"),
            tile("Bound by", view.state.isOver ? nil : view.timing?.bound, isWord: true),
        ]
            + (view.summary.map {
                [tile("Weights", "sha256 \($0.weightsSHA256.prefix(16))…", isWord: true)]
            } ?? [])
    }

    private var problems: [String] {
        var problems = view.problems
        if view.skippedLines > 0 {
            problems.append(
                "\(view.skippedLines) lines of the run's files are damaged, and left out")
        }
        if view.isBehind { problems.append("still reading the run's files") }
        if let failure = view.summary?.failure { problems.append(failure.text) }
        return problems
    }

    private var time: String {
        let now = view.state.isOver ? nil : view.timing
        func share(_ part: Double, of whole: Double) -> String {
            whole > 0 ? percent(part / whole) : ""
        }
        let totals = view.totals
        let all = TimingReport.Phases.parts.reduce(0.0) { $0 + totals.phases[keyPath: $1.path] }
        let rows = TimingReport.Phases.parts.map { part in
            let newest = now?.phases[keyPath: part.path]
            return [
                "name": part.name, "now": newest.map { fixed($0, 4) } ?? "",
                "nowShare": newest.map { share($0, of: now?.interval ?? 0) } ?? "",
                "all": fixed(totals.phases[keyPath: part.path], 2),
                "allShare": share(totals.phases[keyPath: part.path], of: all),
            ]
        }
        var values: [String: Any] = ["phases": rows, "chart": BandChart(bands: view.bands).html]
        values["bound"] = now?.bound
        return Templates.render(.time, values)
    }

    private var log: String {
        let lines = view.history.log.enumerated().reversed().map { index, line in
            [
                "level": Self.levels.contains(line.level) ? line.level : "info",
                "key": "\(view.history.lineCount - view.history.log.count + index)",
                "time": clockOfDay(line.time), "stamp": timestamp(line.time),
                "text": line.text ?? "",
            ]
        }
        return Templates.render(.log, ["lines": lines])
    }

    private static let levels = [
        "trace", "debug", "info", "notice", "warning", "error", "critical",
    ]

    private var settings: String {
        Templates.render(
            .settings,
            ["settings": view.settings.map { ["name": $0.name, "value": $0.value] }])
    }

    private var test: String {
        guard let test = view.test else { return Templates.render(.test, [:]) }
        let classes = test.confusion.indices.map { "\($0)" }
        let rows = test.confusion.enumerated().map { label, row in
            let count = row.reduce(0, +)
            return [
                "label": "\(label)",
                "cells": row.enumerated().map { predicted, cell in
                    [
                        "class": Self.shade(cell, of: count, isRight: predicted == label),
                        "count": "\(cell)",
                    ]
                },
            ] as [String: Any]
        }
        let images = test.hardest.map { example in
            [
                "source": imageSource(example.picture), "index": "\(example.index)",
                "label": "\(example.label)", "predicted": "\(example.predicted)",
                "loss": example.loss.map { fixed($0, 2) } ?? "not finite",
            ]
        }
        let values: [String: Any] = [
            "epoch": "\(test.epoch)", "step": "\(test.step)", "classes": classes, "rows": rows,
            "hasClasses": !classes.isEmpty, "images": images,
        ]
        return Templates.render(.test, ["test": values])
    }

    private static func shade(_ count: Int, of all: Int, isRight: Bool) -> String {
        if isRight { return "right" }
        guard count > 0, all > 0 else { return "w0" }
        let share = Double(count) / Double(all)
        return share > 0.05 ? "w3" : share > 0.01 ? "w2" : "w1"
    }
}

/// A time of day in the local time zone, such as `14:03:59`.
func clockOfDay(_ seconds: Double) -> String {
    String(localTimestamp(seconds).suffix(8))
}
