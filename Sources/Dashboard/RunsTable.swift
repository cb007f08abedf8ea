import Bounds
import FoundationEssentials
import Monitoring
import Watching

/// A table of the runs of a folder.
enum RunsTable {
    private static let columns = [
        "Run", "State", "Cell", "Hidden", "Data set", "Steps", "Done", "Test accuracy", "Time",
    ]
    private static let leftColumns: Set = ["Run", "State"]

    /// The table as HTML.
    static func html(_ runs: [(folder: String, view: RunView)]) -> String {
        let rows = runs.reversed().map { folder, view -> [String: Any] in
            let numbers: [(text: String, sort: String)] = [
                (view.setting("cell"), view.setting("cell")),
                (view.setting("hidden"), view.setting("hidden")),
                (view.setting("dataset"), view.setting("dataset")),
                (grouped(Double(view.step)), "\(view.step)"),
                (view.progress.map(percent) ?? "", view.progress.map { "\($0)" } ?? "-1"),
                (
                    view.curves.testAccuracy.last.map(percent) ?? "",
                    view.curves.testAccuracy.last.map { "\($0)" } ?? "-1"
                ),
                (clockText(seconds: view.seconds), "\(view.seconds)"),
            ]
            return [
                "name": folder, "shown": plainText(folder),
                "link": "/runs/\(pathSegment(folder))/",
                "state": view.state.rawValue,
                "cells": numbers.map { ["text": $0.text, "sort": $0.sort] },
            ]
        }
        return Templates.render(
            .runs,
            [
                "columns": columns.map {
                    ["name": $0, "class": leftColumns.contains($0) ? "left" : ""]
                },
                "rows": rows,
            ])
    }
}

/// A name as a URL path segment (RFC 3986).
func pathSegment(_ name: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return name.utf8.map { byte in
        let isPlain =
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
        return isPlain
            ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
}
