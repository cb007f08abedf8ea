import Bounds
import FoundationEssentials
import Monitoring
import Watching

/// Complete HTML pages.
package enum Pages {
    /// A run's page, updated while it is open.
    ///
    /// - Parameters:
    ///   - events: the URL of the stream of its parts.
    ///   - hasList: whether to link back to a list of runs.
    package static func run(_ view: RunView, events: String, hasList: Bool) -> String {
        layout(
            title: "\(view.name) · tern", heading: view.name,
            body: Templates.render(.run, RunPage(view).parts), events: events, hasList: hasList)
    }

    /// The page that lists runs.
    package static func list(_ runs: [(folder: String, view: RunView)], folder: String) -> String {
        layout(
            title: "runs · tern", heading: "Runs in \(plainText(folder))",
            body: Templates.render(.list, ["runs": RunsTable.html(runs)]), events: "/events",
            hasList: false)
    }

    /// The page that compares several runs.
    package static func compare(_ views: [RunView], events: String) -> String {
        layout(
            title: "\(views.count) runs · tern", heading: "\(views.count) runs",
            body: Templates.render(.compare, ComparePage(views).parts), events: events,
            hasList: true)
    }

    private static func layout(
        title: String, heading: String, body: String, events: String, hasList: Bool
    ) -> String {
        Templates.render(
            .layout,
            ["title": title, "heading": heading, "body": body, "events": events, "up": hasList])
    }

    /// A self-contained page: a run, or a comparison of several runs followed by each of them.
    package static func report(_ views: [RunView], now: Double) -> String {
        let pages = views.map { Templates.render(.run, RunPage($0).parts) }
        let body =
            views.count == 1
            ? pages[0]
            : Templates.render(.compare, ComparePage(views).parts)
                + zip(views, pages).enumerated().map { number, run in
                    "<details class=\"card\"><summary>\(escaped(run.0.name))</summary>\(reportable(run.1, number))</details>"
                }.joined()
        let title = views.count == 1 ? views[0].name : "\(views.count) runs"
        return Templates.render(
            .layout,
            [
                "title": "\(title) · tern report", "heading": title, "frozen": true,
                "made": "made \(localTimestamp(now)) by tern report", "body": body,
                "style": String(decoding: PackageResources.style_css, as: UTF8.self),
                "script": String(decoding: PackageResources.page_js, as: UTF8.self),
            ])
    }

    /// An SVG file for each chart with values, of one run or of a comparison, with its name.
    package static func pictures(_ views: [RunView]) -> [(name: String, svg: String)] {
        let charts = views.count == 1 ? RunPage(views[0]).charts : ComparePage(views).charts
        return charts.filter { !$0.chart.isEmpty }.map { ($0.file, $0.chart.file) }
    }

    /// Numbers the IDs of a run's page, because IDs must be unique on a page with several runs.
    private static func reportable(_ page: String, _ number: Int) -> String {
        var page = page
        for id in [
            "h-curves", "h-time", "h-workers", "h-timeline", "h-test", "h-log", "h-settings",
            "state",
            "bound", "workers-table", "log-level", "log-words",
        ] {
            page = page.replacing("id=\"\(id)\"", with: "id=\"\(id)-\(number)\"")
                .replacing("labelledby=\"\(id)\"", with: "labelledby=\"\(id)-\(number)\"")
        }
        return page
    }
}
