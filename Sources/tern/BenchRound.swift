import ArgumentParser
import Benchmarks
import Monitoring
import ZeroMQ

/// Measures the synchronous round.
struct BenchRound: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "round",
        abstract: "Measure a round without computation, and compare it with bare libzmq.",
        discussion: """
            In a round, the weights go to all workers, the gradients of all come back and are reduced, \
            and Adam is applied. A real coordinator and real workers, with a tiny network on an ipc \
            socket, take turns with a bare libzmq loop that moves the same bytes.
            """)

    @Option(help: "Workers.")
    var workers = 2

    @Option(help: "Approximate number of parameters.")
    var values = 21_000

    @Option(help: "Rounds per measurement.")
    var rounds = 1000

    @Option(name: .customLong("repeat"), help: "Measurements per side.")
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
            try ResourceNeed.ofRounds(workers: command.workers).secure()
            let signals = try SignalSource()
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let benchmark = RoundBenchmark(
                workers: command.workers, values: command.values, rounds: command.rounds,
                repeats: command.repeats)
            let times = try await benchmark.run(
                try kernelsInUse(), folder: folder.path, signals: signals)
            try command.options.show(times, hearing: signals) { command.text(times) }
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
