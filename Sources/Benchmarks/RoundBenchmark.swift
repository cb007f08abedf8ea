import Kernels
import ZeroMQ

/// How long a synchronous round takes, beside the same messages over bare libzmq.
public struct RoundTimes: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The workers.
    public let workers: Int
    /// The parameters, all of which go out to each worker and come back as gradients.
    public let values: Int
    /// The bytes of the weights.
    public let bytes: Int
    /// The rounds of each measurement.
    public let rounds: Int
    /// The measurements of either side.
    public let repeats: Int
    /// The measurements' median rounds of bare libzmq, in microseconds.
    public let bareMicroseconds: Spread
    /// The measurements' median rounds of a coordinator and its workers, in microseconds.
    public let ternMicroseconds: Spread
    /// The second over the first, pair by pair.
    public let ratio: Spread
}

/// Measures rounds of a real coordinator with real workers, and of bare libzmq, in turns.
public struct RoundBenchmark: Sendable {
    /// The workers.
    public var workers: Int
    /// The parameters, about.
    public var values: Int
    /// The rounds of each measurement.
    public var rounds: Int
    /// The measurements of either side.
    public var repeats: Int

    /// The possible numbers of workers.
    public static let workerCounts = 1...64
    /// The possible numbers of parameters.
    public static let valueCounts = 2_000...8_000_000

    /// The measurement of rounds of a given size.
    public init(workers: Int, values: Int, rounds: Int, repeats: Int) {
        precondition(Self.workerCounts.contains(workers) && Self.valueCounts.contains(values))
        self.workers = workers
        self.values = values
        self.rounds = rounds
        self.repeats = repeats
    }

    /// Measures.
    ///
    /// - Parameters:
    ///   - folder: where the sockets and a last checkpoint may lie; the caller removes it.
    ///   - signals: what ends the measurement.
    /// - Throws: ``BenchmarkError`` if a run does not come to its end, ``SocketError`` if the folder
    ///   can hold no socket.
    public func run(
        _ kernels: any KernelSet.Type, folder: String, signals: SignalSource
    ) async throws -> RoundTimes {
        let rounds = rounds
        let tern = try TernRounds(
            workers: workers, values: values, rounds: rounds, kernels: kernels, folder: folder)
        let bare = BareRounds(
            peers: workers, payload: 4 * tern.values, rounds: rounds,
            endpoint: "ipc://\(folder)/bare")
        var (bareTimes, ternTimes): ([Double], [Double]) = ([], [])
        for _ in 0..<repeats {
            bareTimes.append(Spread(try await bare.run()).median)
            ternTimes.append(Spread(try await tern.run(signals: signals)).median)
        }
        return RoundTimes(
            kernels: kernels.name, workers: workers, values: tern.values, bytes: 4 * tern.values,
            rounds: rounds, repeats: repeats, bareMicroseconds: Spread(bareTimes),
            ternMicroseconds: Spread(ternTimes),
            ratio: Spread(zip(ternTimes, bareTimes).map { $0 / $1 }))
    }
}

/// Why a measurement came to no end.
public enum BenchmarkError: Error, CustomStringConvertible, Equatable {
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The coordinator of a round's measurement ended too early.
    case roundsEnded(String)
    /// A call of libzmq failed, with its own words.
    case libzmq(call: String, reason: String)
    /// A `tern train` process ended with another exit status than 0.
    case trainingFailed(status: Int32)
    /// A run left no result that can be read.
    case noResult(path: String)

    /// One line that says what went wrong.
    public var description: String {
        switch self {
        case .interrupted(let signal): "stopped by signal \(signal)"
        case .roundsEnded(let reason): "the rounds ended early: \(reason)"
        case .libzmq(let call, let reason): "\(call) failed: \(reason)"
        case .trainingFailed(let status): "tern train ended with exit status \(status)"
        case .noResult(let path): "\(path) does not contain the run's result"
        }
    }
}
