import RunEvents
import Testing
import Watching

@Suite("Bands of time by phase")
struct PhaseBandsTests {
    @Test("merge many intervals into few points, and lose no time")
    func thins() {
        var bands = PhaseBands()
        var phases = TimingReport.Phases()
        for second in 1...100_000 {
            phases.first = 0.5
            phases.wait = second == 77_777 ? 64 : 0.25
            bands.add(phases, at: Double(second))
        }
        #expect(bands.points.count <= PhaseBands.mostPoints)
        #expect(bands.points.count > PhaseBands.mostPoints / 4)
        #expect(bands.points.reduce(0) { $0 + $1.count } == 100_000)
        #expect(bands.points.reduce(0) { $0 + $1.phases.first } == 50_000)
        #expect(bands.points.reduce(0) { $0 + $1.phases.wait } == 25_000 + 63.75)
        #expect(bands.points.map(\.seconds) == bands.points.map(\.seconds).sorted())
        #expect(bands.points.last?.seconds == 100_000)
    }

    @Test("have one point an interval while the intervals are few")
    func few() {
        var bands = PhaseBands()
        var phases = TimingReport.Phases()
        for second in 1...PhaseBands.mostPoints {
            phases.send = Double(second)
            bands.add(phases, at: Double(second))
        }
        #expect(bands.points.map(\.phases.send) == (1...PhaseBands.mostPoints).map(Double.init))
    }

    @Test("include each phase once")
    func parts() {
        var phases = TimingReport.Phases()
        for (number, part) in TimingReport.Phases.parts.enumerated() {
            phases[keyPath: part.path] += Double(1 << number)
        }
        let values = [
            phases.send, phases.first, phases.wait, phases.reduce, phases.update, phases.record,
            phases.other,
        ]
        #expect(values == [1, 2, 4, 8, 16, 32, 64])
    }
}
