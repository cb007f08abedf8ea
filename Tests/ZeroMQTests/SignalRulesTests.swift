import Glibc
import Testing
import ZeroMQ

@Suite("Signals") struct SignalRulesTests {
    private static let stops = [SIGINT, SIGTERM, SIGHUP]

    /// The requests of a sequence of signals; times in milliseconds.
    private func requests(_ signals: [(signal: Int32, time: Int)]) -> [SignalRequest] {
        var rules = SignalRules()
        return signals.compactMap { rules.request(of: $0.signal, at: .milliseconds($0.time)) }
    }

    @Test("ask once to stop, however many and whichever arrive within a second")
    func burst() {
        var draw = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let start = Int.random(in: 0..<1_000_000, using: &draw)
            let times = (0..<Int.random(in: 1...20, using: &draw)).map { _ in
                start + Int.random(in: 0..<1000, using: &draw)
            }
            let signals = times.sorted().map { (Self.stops.randomElement() ?? SIGINT, $0) }
            #expect(requests(signals) == [.stop(signals[0].0)])
        }
    }

    @Test("ask to stop at once when the same one arrives again a second later", arguments: stops)
    func again(signal: Int32) {
        #expect(requests([(signal, 0), (signal, 999)]) == [.stop(signal)])
        #expect(requests([(signal, 0), (signal, 1000)]) == [.stop(signal), .stopAtOnce(signal)])
        for other in Self.stops where other != signal {
            #expect(requests([(signal, 0), (other, 5000)]) == [.stop(signal)])
            #expect(
                requests([(signal, 0), (other, 10), (other, 5000)])
                    == [.stop(signal), .stopAtOnce(other)])
        }
    }

    @Test("ask for one checkpoint each if they are a second apart")
    func checkpoints() {
        #expect(
            requests([(SIGUSR1, 0), (SIGUSR1, 500), (SIGUSR1, 1500), (SIGUSR2, 1600)])
                == [.checkpoint(SIGUSR1), .checkpoint(SIGUSR1), .checkpoint(SIGUSR2)])
        #expect(
            requests([(SIGUSR1, 0), (SIGTERM, 10), (SIGUSR1, 2000)])
                == [.checkpoint(SIGUSR1), .stop(SIGTERM), .checkpoint(SIGUSR1)])
    }
}
