import ArgumentParser
import Datasets
import FoundationEssentials
import Monitoring

/// Commands about data sets.
struct DatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Inspect data sets.", subcommands: [Info.self])

    /// Describes a data set.
    struct Info: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print which data set is found and where, its shapes and checksums.")

        @Option(help: "The data set to look for.")
        var dataset = NamedDataset.mnist

        @Option(
            help: ArgumentHelp(
                "The folder with the four IDX files. (default: searched as in training)",
                valueName: "dir"))
        var data: String?

        mutating func run() async throws {
            let (dataset, data) = (dataset, data)
            try await exitCleanly {
                let found = try await Dataset.load(
                    dataset, directory: data, environment: ProcessInfo.processInfo.environment)
                found.warnings.forEach(printWarning)
                try Output.line(Self.describe(found))
            }
        }

        private static func describe(_ dataset: Dataset) -> String {
            let name =
                dataset.name == "custom" ? "custom (none of the known ones)" : dataset.name
            var lines = ["data set  \(name)", "folder    \(dataset.directory)"]
            for (label, set) in [("train", dataset.train), ("test ", dataset.test)] {
                lines.append("\(label)     \(set.count) \(set.shape.noun) of \(set.shape)")
            }
            lines.append("classes   \(dataset.classes)")
            if let warning = dataset.labelCounts.warning { lines.append("warning   \(warning)") }
            for checksum in dataset.checksums {
                let verdict = checksum.matches ? "known" : "not the known \(checksum.expected)"
                lines.append("sha256    \(checksum.actual)  \(checksum.file): \(verdict)")
            }
            return lines.joined(separator: "\n")
        }
    }
}
