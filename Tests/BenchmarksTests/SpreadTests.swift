import Benchmarks
import Testing

@Suite("The spread of measurements") struct SpreadTests {
    @Test("has a median, a minimum and a maximum")
    func odd() {
        let spread = Spread([5, 1, 3])
        #expect(spread.median == 3)
        #expect(spread.least == 1)
        #expect(spread.greatest == 5)
    }

    @Test("takes the mean of the middle two of an even number of values")
    func even() { #expect(Spread([4, 1, 2, 100]).median == 3) }

    @Test("of one value is that value")
    func single() { #expect(Spread([7]) == Spread([7, 7, 7])) }
}
