import ArgumentParser
import Benchmarks
import Monitoring
import ZeroMQ

/// Measures a coordinator's decisions.
struct BenchDecisions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract: "Measure how long a coordinator's decisions take with many workers.",
        discussion: """
            Takes the headers of all workers' sums, and begins the next step: what a coordinator \
            does in a step besides messages and arithmetic. A power of two of shards, at least one \
            for each worker. Separate list items with commas: 256,1024.
            """)

    @Option(help: "Workers.")
    var workers = CommaSeparated(256, 1024, 4096)

    @Option(help: "Steps per measurement.")
    var steps = 100

    @Option(name: .customLong("repeat"), help: "Measurements per number of workers.")
    var repeats = 5

    @OptionGroup
    var options: OutputOptions

    func validate() throws {
        for count in workers.values {
            try require("workers", count, in: DecisionBenchmark.workerCounts)
        }
        try require("steps", steps, in: 1...100_000)
        try require("repeat", repeats, in: 1...1000)
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let signals = try SignalSource()
            let times = DecisionBenchmark(
                workers: command.workers.values, steps: command.steps, repeats: command.repeats
            ).run()
            try command.options.show(times, hearing: signals) { command.text(times) }
        }
    }

    private func text(_ times: DecisionTimes) -> String {
        var table = TextTable(
            "workers", "shards", "sums", "median us", "least", "greatest", "ns a worker")
        for run in times.runs {
            let spread = run.stepMicroseconds
            table.add(
                "\(run.workers)", "\(run.shards)", "\(run.sums)", fixed(spread.median, 1),
                fixed(spread.least, 1), fixed(spread.greatest, 1),
                fixed(1000 * spread.median / Double(run.workers), 0))
        }
        return """
            the decisions of a step; \(times.repeats) x \(times.steps) steps of each

            \(table.text)
            """
    }
}
