import Bounds
import FoundationEssentials
import Monitoring
import Watching

/// The whole pages.
package enum Pages {
    /// The page of a run that is updated while it is open.
    ///
    /// - Parameters:
    ///   - events: the address of the stream of its parts.
    ///   - hasList: whether there is a list of runs to go back to.
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

    /// The page that shows several runs together.
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

    /// One page that needs no network: of a run or, of several, their comparison and each run.
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

    /// A picture (SVG) of each curve that has values, of one run or of several together, with its name.
    package static func pictures(_ views: [RunView]) -> [(name: String, svg: String)] {
        let charts = views.count == 1 ? RunPage(views[0]).charts : ComparePage(views).charts
        return charts.filter { !$0.chart.isEmpty }.map { ($0.file, $0.chart.file) }
    }

    /// A run's page beside others: ids must be those of one element, and controls filter one log.
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
