import Monitoring
import Watching

/// A sortable table of a run's workers.
struct WorkersTable {
    /// The run.
    let view: RunView

    /// The workers of a run.
    init(_ view: RunView) { self.view = view }

    private struct Column {
        let key: String
        let name: String
        let help: String
        /// A cell's text, and the value to sort by.
        let cell: @Sendable (WorkerView) -> (text: String, sort: String)
    }

    private static let columns: [Column] = [
        Column(key: "host", name: "Host", help: "its machine") { ($0.host, $0.host) },
        number("lanes", "Lanes", "compute lanes") { $0.lanes },
        Column(key: "kernels", name: "Kernels", help: "instruction set") {
            ($0.kernels, $0.kernels)
        },
        number("shards", "Shards", "shards that it holds") { $0.shards },
        time("answer", "Answer", "from a request to the last answer, in ms") { $0.answer },
        time("busy", "Busy", "the part of that in which it was at work, in ms") { $0.busy },
        time("lane", "Slowest lane", "how long its slowest lane computed, in ms") {
            $0.laneTimes.first
        },
        time("lateness", "Waited for", "how long a step waited for it alone, in ms") {
            $0.lateness
        },
        number("late", "Late", "how often it was late") { $0.late },
        number("audits", "Audits", "its sums that others computed too, and found right") {
            $0.audits
        },
        number("strikes", "Strikes", "its sums that were wrong") { $0.strikes },
        size("sent", "Sent", "bytes sent to it") { $0.bytesSent },
        size("received", "Received", "bytes received from it") { $0.bytesReceived },
    ]

    private static func number(
        _ key: String, _ name: String, _ help: String,
        _ value: @escaping @Sendable (WorkerView) -> Int
    ) -> Column {
        Column(key: key, name: name, help: help) { worker in
            (grouped(Double(value(worker))), "\(value(worker))")
        }
    }

    private static func time(
        _ key: String, _ name: String, _ help: String,
        _ value: @escaping @Sendable (WorkerView) -> Double?
    ) -> Column {
        Column(key: key, name: name, help: help) { worker in
            guard let seconds = value(worker) else { return ("", "-1") }
            return (fixed(seconds * 1000, 2), "\(seconds)")
        }
    }

    private static func size(
        _ key: String, _ name: String, _ help: String,
        _ value: @escaping @Sendable (WorkerView) -> Int
    ) -> Column {
        Column(key: key, name: name, help: help) { worker in
            (bytesText(value(worker)), "\(value(worker))")
        }
    }

    /// The table as HTML.
    var html: String {
        let workers = view.history.workers
        guard !workers.isEmpty else { return "<p class=\"dim\">No worker has joined yet.</p>" }
        let heads =
            [
                ["key": "name", "name": "Worker", "help": "host and process", "class": "left"],
                [
                    "key": "state", "name": "State", "help": "here, on standby, or left",
                    "class": "left",
                ],
            ] + Self.columns.map { ["key": $0.key, "name": $0.name, "help": $0.help, "class": ""] }
        return Templates.render(
            .workers,
            [
                "caption":
                    "\(view.history.members) here, \(workers.count - view.history.members) gone. "
                    + "A heading sorts.",
                "columns": heads, "rows": workers.map(row),
            ])
    }

    private func row(_ worker: WorkerView) -> [String: Any] {
        let gone = worker.left.map { "left at \(clockOfDay($0)): \(worker.reason ?? "")" }
        let isStraggler = !view.state.isOver && view.timing?.bound == "straggler \(worker.name)"
        return [
            "name": worker.name, "state": worker.state.rawValue,
            "title": gone
                ?? "joined at \(clockOfDay(worker.joined)) from \(worker.address ?? "this machine")",
            "stateText": gone ?? worker.state.rawValue, "straggler": isStraggler,
            "cells": Self.columns.map { column in
                let cell = column.cell(worker)
                return ["text": cell.text, "sort": cell.sort]
            },
        ]
    }
}

/// A size with a unit, such as `1.5 GB`.
func bytesText(_ bytes: Int) -> String {
    let value = Double(bytes)
    for (limit, unit) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] where value >= limit
    {
        return "\(fixed(value / limit, 1)) \(unit)"
    }
    return "\(bytes) B"
}
