import ArgumentParser
import Benchmarks
import Monitoring
import NeuralNetwork

/// Measures the parts of a lane's step.
struct BenchStep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Measure one lane's step, phase by phase and as a whole.",
        discussion: """
            The lane reads images of 28x28 without blank rows, and has half of the batch, in 8 of 16 \
            shards. One thread measures the phases and the whole step in turns.
            """)

    @Option(help: "The recurrent cell.")
    var cell = Cell.rnn

    @Option(help: "Size of a layer's hidden state.")
    var hidden = 128

    @Option(help: "Recurrent layers.")
    var layers = 1

    @Flag(help: "Read the sequence in both directions.")
    var bidirectional = false

    @Option(help: "Examples per step of the lane.")
    var rows = 64

    @Option(help: "Seconds to measure for.")
    var seconds = 2.0

    @OptionGroup
    var options: OutputOptions

    func validate() throws {
        try require("hidden", hidden, in: Architecture.hiddenSizes)
        try require("layers", layers, in: Architecture.layerCounts)
        try require("rows", rows, in: StepBenchmark.rowCounts)
        try requireSeconds(seconds)
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let architecture = Architecture(
                cell: command.cell, imageRows: 28, imageColumns: 28, hiddenSize: command.hidden,
                layers: command.layers, isBidirectional: command.bidirectional, classes: 10)
            let benchmark = StepBenchmark(
                architecture, rows: command.rows, seconds: command.seconds)
            let times = benchmark.run(try kernelsInUse())
            try command.options.show(times) { command.text(times) }
        }
    }

    private func text(_ times: StepTimes) -> String {
        var table = TextTable("phase", "us", "share", "GFLOP/s")
        for phase in times.phases {
            table.add(
                phase.name, fixed(phase.microseconds, 1), share(phase.share),
                number(phase.gflops, 1))
        }
        table.add("sum", fixed(times.sumMicroseconds, 1), share(1), "-")
        table.add(
            "whole step", fixed(times.wholeMicroseconds, 1),
            share(times.wholeMicroseconds / times.sumMicroseconds), fixed(times.wholeGflops, 1))
        let directions = bidirectional ? ", bidirectional" : ""
        return """
            kernels \(times.kernels), cell \(cell), hidden \(hidden), layers \(layers)\(directions), \
            rows \(rows); medians of \(times.steps) steps

            \(table.text)
            """
    }
}
