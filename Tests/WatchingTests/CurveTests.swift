import Testing
import Watching

@Suite("Curves with a bounded number of points")
struct CurveTests {
    @Test("keep the one peak and the one dip of a million values")
    func keepsExtremes() {
        var curve = Curve()
        for step in 1...1_000_000 {
            curve.add(step == 123_457 ? 9 : step == 765_431 ? -9 : 1, at: step)
        }
        #expect(curve.points.count <= Curve.mostPoints)
        #expect(curve.points.count > Curve.mostPoints / 4)
        #expect(curve.points.map(\.high).max() == 9)
        #expect(curve.points.map(\.low).min() == -9)
        #expect(curve.points.last?.step == 1_000_000)
        #expect(curve.points.reduce(0) { $0 + $1.count } == 1_000_000)
        #expect(curve.last == 1)
    }

    @Test("omit values that are not finite, and average the largest floats without overflow")
    func takesExtremeNumbers() {
        var curve = Curve()
        curve.add(.nan, at: 1)
        curve.add(.infinity, at: 2)
        #expect(curve == Curve())
        for step in 0...Curve.mostPoints { curve.add(.greatestFiniteMagnitude, at: step) }
        #expect(curve.points.allSatisfy { $0.mean.isFinite })
    }
}
