import ArgumentParser
import Bounds
import Files
import Monitoring
import Watching

/// Lists the runs of a folder.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs of a folder, and how they differ.")

    /// The columns to sort by.
    enum Order: String, CaseIterable, ExpressibleByArgument {
        case name, state, steps, accuracy, time
    }

    @Argument(help: ArgumentHelp("A folder with runs in it.", valueName: "dir"))
    var path = "runs"

    @Option(help: "What to sort by: name, or the greatest first of steps, accuracy and time.")
    var sort = Order.name

    @OptionGroup
    var output: OutputOptions

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let views: [RunView]
            do throws(FileError) {
                let all = try RunList(command.path).poll()
                views = command.sorted(
                    all.map { folder, view in
                        var view = view
                        view.name = plainText(folder)
                        return view
                    })
            } catch {
                throw RunPlace.failure(error, command.path)
            }
            try command.output.show(views.map(RunStatus.init)) { Self.table(views) }
        }
    }

    private func sorted(_ views: [RunView]) -> [RunView] {
        switch sort {
        case .name: views
        case .state: views.sorted { ($0.state.rawValue, $0.name) < ($1.state.rawValue, $1.name) }
        case .steps: views.sorted { ($1.step, $0.name) < ($0.step, $1.name) }
        case .accuracy:
            views.sorted {
                ($1.curves.testAccuracy.last ?? -1, $0.name)
                    < ($0.curves.testAccuracy.last ?? -1, $1.name)
            }
        case .time: views.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
        }
    }

    private static func table(_ views: [RunView]) -> String {
        guard !views.isEmpty else { return "no runs" }
        let shown: Set = ["dataset", "cell", "hidden"]
        let differing = SettingDifferences.names(views).filter { !shown.contains($0) }
        var table = TextTable(
            ["run", "state", "data set", "network"] + differing
                + ["steps", "test accuracy", "time", "weights"])
        for view in views { table.add(cells(view, differing)) }
        return table.text
    }

    private static func cells(_ view: RunView, _ differing: [String]) -> [String] {
        let network = "\(view.setting("cell")) \(view.setting("hidden"))"
        let total = view.totalSteps.map { "/" + grouped(Double($0)) } ?? ""
        let accuracy = view.curves.testAccuracy.last.map(percent) ?? ""
        let weights = view.summary.map { String($0.weightsSHA256.prefix(12)) } ?? ""
        var cells = [view.name, view.state.rawValue, view.setting("dataset"), network]
        cells += differing.map { String(view.setting($0).prefix(24)) }
        cells += [grouped(Double(view.step)) + total, accuracy]
        cells += [clockText(seconds: view.seconds), weights]
        return cells
    }
}
