import ArgumentParser
import Benchmarks
import Monitoring
import ZeroMQ

/// Measures the synchronous round.
struct BenchRound: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "round",
        abstract: "Measure a synchronous round without computing against bare libzmq.",
        discussion: """
            A round: weights out to all workers, gradients in from all, reduced, Adam applied. \
            A real coordinator and real workers, on an ipc socket and a network that computes next \
            to nothing, take turns with a bare loop over libzmq that moves the same bytes.
            """)

    @Option(help: "Workers.")
    var workers = 2

    @Option(help: "Parameters, about.")
    var values = 21_000

    @Option(help: "Rounds of each measurement.")
    var rounds = 1000

    @Option(name: .customLong("repeat"), help: "Measurements of each side.")
    var repeats = 5

    @OptionGroup
    var options: OutputOptions

    func validate() throws {
        try require("workers", workers, in: RoundBenchmark.workerCounts)
        try require("values", values, in: RoundBenchmark.valueCounts)
        try require("rounds", rounds, in: 2...100_000)
        try require("repeat", repeats, in: 1...1000)
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let signals = try SignalSource()
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let benchmark = RoundBenchmark(
                workers: command.workers, values: command.values, rounds: command.rounds,
                repeats: command.repeats)
            let times = try await benchmark.run(
                try kernelsInUse(), folder: folder.path, signals: signals)
            command.options.show(times) { command.text(times) }
        }
    }

    private func text(_ times: RoundTimes) -> String {
        var table = TextTable("round of", "median us", "least", "greatest")
        for (name, spread) in [
            ("bare libzmq", times.bareMicroseconds), ("tern", times.ternMicroseconds),
        ] {
            table.add(
                name, fixed(spread.median, 1), fixed(spread.least, 1), fixed(spread.greatest, 1))
        }
        table.add(
            "ratio", fixed(times.ratio.median, 2), fixed(times.ratio.least, 2),
            fixed(times.ratio.greatest, 2))
        return """
            workers \(times.workers), \(times.values) parameters (\(times.bytes) bytes), kernels \
            \(times.kernels); \(times.repeats) x \(times.rounds) rounds of each

            \(table.text)
            """
    }
}
