import ArgumentParser
import Dashboard
import Files
import FoundationEssentials
import Glibc
import Monitoring
import Watching

/// Writes a report of runs.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write runs down as one page that needs no network, or as Markdown.")

    /// The formats of a report.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case html, markdown
    }

    @Argument(help: ArgumentHelp("The folders of runs.", valueName: "run"))
    var runs: [String]

    @Option(help: "Format of the report: html, or markdown for a pull request.")
    var format = Format.html

    @Option(
        help: ArgumentHelp(
            "Where to write the report; - for standard output. (default: report.html, or standard "
                + "output for markdown)", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Folder for a picture (SVG) of each curve, which is made if there is none.",
            valueName: "dir"))
    var pictures: String?

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let views = try command.runs.map { try Self.view($0) }
            if let pictures = command.pictures {
                try Self.write(Pages.pictures(views), to: pictures)
            }
            let text =
                switch command.format {
                case .html: Pages.report(views, now: Date.now.timeIntervalSince1970)
                case .markdown: MarkdownReport(views).text
                }
            let file = command.output ?? (command.format == .html ? "report.html" : "-")
            guard file != "-" else { return try Output.line(text) }
            try Files.writeAtomically(Array(text.utf8), to: file)
            try Output.line(file)
        }
    }

    /// A complete view of a run's files.
    private static func view(_ path: String) throws -> RunView {
        guard RunList.isRun(path) else {
            throw RunPlace.failure(FileError(operation: "read", path: path, code: ENOENT), path)
        }
        do throws(FileError) {
            let watch = try RunWatch(path)
            var view = watch.poll()
            while view.isBehind { view = watch.poll() }
            return view
        } catch {
            throw RunPlace.failure(error, path)
        }
    }

    private static func write(_ pictures: [(name: String, svg: String)], to folder: String) throws {
        try Files.makeFolder(folder)
        for (name, svg) in pictures {
            try Files.writeAtomically(Array(svg.utf8), to: "\(folder)/\(name).svg")
        }
    }
}
