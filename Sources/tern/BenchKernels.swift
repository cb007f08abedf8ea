import ArgumentParser
import Benchmarks
import Kernels
import Monitoring
import NeuralNetwork
import ZeroMQ

/// Measures the kernels.
struct BenchKernels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measure each product and activation of a recurrent layer against the peak.",
        discussion: """
            The peak is the rate of fused multiply-adds on registers only, measured in the same run \
            on as many threads. The layer reads images of 28x28, and a shard has 8 examples.
            """)

    @Option(help: "Threads that compute at once. (default: the number of cores)")
    var threads: Int?

    @Option(help: "The recurrent cell.")
    var cell = Cell.rnn

    @Option(help: "Size of the hidden state.")
    var hidden = 128

    @Option(help: "Examples per pass.")
    var rows = 64

    @Option(help: "Seconds per kernel.")
    var seconds = 0.1

    @OptionGroup
    var options: OutputOptions

    func validate() throws {
        try require("threads", threads ?? 1, in: 1...1024)
        try require("hidden", hidden, in: Architecture.hiddenSizes)
        try require("rows", rows, in: 1...4096)
        try requireSeconds(seconds)
    }

    mutating func run() async throws {
        let command = self
        try await exitCleanly {
            let threads = command.threads ?? Processors.allowed.count
            try ResourceNeed.ofKernels(threads: threads).secure()
            let architecture = Architecture(
                cell: command.cell, imageRows: 28, imageColumns: 28, hiddenSize: command.hidden,
                layers: 1, classes: 10)
            let benchmark = KernelsBenchmark(
                architecture, rows: command.rows,
                threads: threads, seconds: command.seconds)
            let rates = benchmark.run(try kernelsInUse())
            try command.options.show(rates) { command.text(rates) }
        }
    }

    private func text(_ rates: KernelRates) -> String {
        var products = TextTable("product", "rows x columns x depth", "us", "GFLOP/s", "of peak")
        for rate in rates.products {
            products.add(
                rate.name, rate.shape, fixed(rate.microseconds, 2), number(rate.gflops, 1),
                share(rate.shareOfPeak))
        }
        var elementwise = TextTable("kernel", "values", "us", "Mvalues/s", "GFLOP/s", "of peak")
        for rate in rates.elementwise {
            elementwise.add(
                rate.name, rate.shape, fixed(rate.microseconds, 2),
                number(rate.valuesPerSecond.map { $0 / 1e6 }, 0), number(rate.gflops, 1),
                share(rate.shareOfPeak))
        }
        return """
            kernels \(rates.kernels), \(rates.threads) threads, cell \(cell), hidden \(hidden), \
            rows \(rows)
            peak of fused multiply-adds: \(fixed(rates.peakGflops, 1)) GFLOP/s

            \(products.text)

            \(elementwise.text)
            """
    }
}
