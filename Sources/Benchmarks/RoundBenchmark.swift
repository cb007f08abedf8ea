import Kernels
import ZeroMQ

/// The duration of a synchronous round, compared with the same messages over bare libzmq.
public struct RoundTimes: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The number of workers.
    public let workers: Int
    /// The number of parameters, all of which are sent to each worker and come back as gradients.
    public let values: Int
    /// The size of the weights in bytes.
    public let bytes: Int
    /// The rounds per measurement.
    public let rounds: Int
    /// The measurements of each kind.
    public let repeats: Int
    /// The median round of each measurement with bare libzmq, in microseconds.
    public let bareMicroseconds: Spread
    /// The median round of each measurement with a coordinator and workers, in microseconds.
    public let ternMicroseconds: Spread
    /// The ratio of Tern's time to libzmq's, per pair of measurements.
    public let ratio: Spread
}

/// Measures rounds of a real coordinator and workers, alternating with bare libzmq.
public struct RoundBenchmark: Sendable {
    /// The number of workers.
    public var workers: Int
    /// The approximate number of parameters.
    public var values: Int
    /// The rounds per measurement.
    public var rounds: Int
    /// The measurements of each kind.
    public var repeats: Int

    /// The supported numbers of workers.
    public static let workerCounts = 1...1024
    /// The supported numbers of parameters.
    public static let valueCounts = 2_000...8_000_000

    /// A benchmark with these sizes.
    public init(workers: Int, values: Int, rounds: Int, repeats: Int) {
        precondition(Self.workerCounts.contains(workers) && Self.valueCounts.contains(values))
        self.workers = workers
        self.values = values
        self.rounds = rounds
        self.repeats = repeats
    }

    /// Runs the benchmark.
    ///
    /// - Parameters:
    ///   - folder: the folder for sockets and a last checkpoint; the caller removes it.
    ///   - signals: the signals that end the measurement.
    /// - Throws: ``BenchmarkError`` if a run does not complete, ``SocketError`` if the folder
    ///   cannot hold a socket.
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

/// Why a measurement did not complete.
public enum BenchmarkError: Error, CustomStringConvertible, Equatable {
    /// A signal ended it.
    case interrupted(signal: Int32)
    /// The coordinator of a round's measurement ended too early.
    case roundsEnded(String)
    /// A call of libzmq failed, with libzmq's message.
    case libzmq(call: String, reason: String)
    /// A `tern train` process ended with another exit status than 0.
    case trainingFailed(status: Int32)
    /// A run left no readable result.
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
