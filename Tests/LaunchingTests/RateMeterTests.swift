import Launching
import Testing

@Suite("A measured rate") struct RateMeterTests {
    private let start = ContinuousClock.now

    private func rate(of arrivals: [(seconds: Double, bytes: Int)]) -> Double? {
        var meter = RateMeter(from: start, for: .seconds(2))
        for arrival in arrivals { meter.note(arrival.bytes, at: start + .seconds(arrival.seconds)) }
        return meter.bytesPerSecond
    }

    @Test("comes from the second half, after TCP's slow start")
    func secondHalf() {
        #expect(rate(of: [(0.5, 10), (1, 100), (1.5, 600), (2, 1100)]) == 1000)
    }

    @Test("comes from the whole time if little arrives")
    func slow() {
        #expect(rate(of: [(1.25, 500)]) == 400)
        #expect(rate(of: [(0.5, 500)]) == 1000)
    }

    @Test("is nil if nothing arrives")
    func nothing() {
        #expect(rate(of: []) == nil)
        #expect(rate(of: [(0.5, 0), (1.5, 0)]) == nil)
    }
}
