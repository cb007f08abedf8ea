import ArgumentParser
import Benchmarks
import Monitoring

/// How fast this program is here.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how fast Tern is on this machine.",
        discussion: "Run nothing else meanwhile.",
        subcommands: [BenchKernels.self, BenchStep.self, BenchRound.self, BenchTrain.self])
}

/// Values after one option, with commas between them.
struct CommaSeparated<Value: ExpressibleByArgument>: ExpressibleByArgument {
    let values: [Value]

    init(_ values: Value...) { self.values = values }

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { Value(argument: String($0)) }
        guard values.count == words.count else { return nil }
    }

    var defaultValueDescription: String {
        values.map(\.defaultValueDescription).joined(separator: ",")
    }
}

/// Ends a command with a usage error unless an option's value is possible.
func require(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard !range.contains(value) else { return }
    throw ValidationError(
        "--\(option) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
}

/// Ends a command with a usage error unless it is told to measure for a sensible time.
func requireSeconds(_ seconds: Double) throws {
    guard !(seconds > 0 && seconds <= 3600) else { return }
    throw ValidationError("--seconds must be above 0 and at most 3600, not \(seconds)")
}

/// A share of 0 to 1 in whole per cent; a dash where there is none.
func share(_ value: Double?) -> String { value.map { fixed($0 * 100, 0) + "%" } ?? "-" }

/// A number; a dash where there is none.
func number(_ value: Double?, _ decimals: Int) -> String {
    value.map { fixed($0, decimals) } ?? "-"
}
