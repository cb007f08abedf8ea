import ArgumentParser
import Benchmarks
import Monitoring

/// Benchmarks of this program on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure how fast Tern is on this machine.",
        discussion: "Run nothing else meanwhile.",
        subcommands: [
            BenchKernels.self, BenchStep.self, BenchRound.self, BenchDecisions.self,
            BenchTrain.self,
        ])
}

/// The comma-separated values of one option.
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

/// Rejects an option's value outside its range with a usage error.
func require(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard !range.contains(value) else { return }
    throw ValidationError(
        "--\(option) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
}

/// Rejects a measuring time out of range with a usage error.
func requireSeconds(_ seconds: Double) throws {
    guard !(seconds > 0 && seconds <= 3600) else { return }
    throw ValidationError("--seconds must be above 0 and at most 3600, not \(seconds)")
}

/// A fraction of 0 to 1 in whole per cent; a dash for nil.
func share(_ value: Double?) -> String { value.map { fixed($0 * 100, 0) + "%" } ?? "-" }

/// A number; a dash for nil.
func number(_ value: Double?, _ decimals: Int) -> String {
    value.map { fixed($0, decimals) } ?? "-"
}
