import Glibc
import Optimizers
import Testing

@Suite("Learning-rate schedules")
struct ScheduleTests {
    @Test("a constant rate stays", arguments: [0, 1, 57, 100])
    func constant(step: Int) {
        #expect(Schedule.constant.rate(0.3, step: step, of: 100) == 0.3)
    }

    @Test("a cosine begins at the full rate, passes half of it and ends at zero")
    func cosineEndPoints() {
        #expect(Schedule.cosine.rate(0.3, step: 0, of: 100) == 0.3)
        #expect((Schedule.cosine.rate(0.3, step: 50, of: 100) - 0.15).magnitude < 1e-16)
        #expect(Schedule.cosine.rate(0.3, step: 100, of: 100) == 0)
        #expect(Schedule.cosine.rate(0.3, step: 0, of: 0) == 0.3)
    }

    @Test("a cosine falls with every step and never below zero")
    func cosineFalls() {
        let rates = (0...4_690).map { Schedule.cosine.rate(0.002, step: $0, of: 4_690) }
        #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 })
        #expect(rates.allSatisfy { $0 >= 0 })
    }

    @Test("the cosine is the library's within 1e-15")
    func cosine() {
        let errors = (0...100_000).map { index in
            let x = Double(index) / 100_000
            return (cosineOfPi(times: x) - cos(.pi * x)).magnitude
        }
        #expect(errors.allSatisfy { $0 < 1e-15 }, "\(errors.max() ?? 0)")
    }
}

@Suite("Powers")
struct PowerTests {
    @Test("small powers are exact")
    func exact() {
        #expect(power(0.9, 0) == 1)
        #expect(power(0.9, 1) == 0.9)
        #expect(power(3, 20) == 3_486_784_401)
        #expect(power(0.5, 1_074) == .leastNonzeroMagnitude)
    }

    @Test("the powers that Adam needs are the library's within rounding", arguments: [0.9, 0.999])
    func decay(base: Double) {
        for exponent in Array(1...1_000) + [46_900, 1_000_000] {
            let expected = pow(base, Double(exponent))
            #expect((power(base, exponent) - expected).magnitude <= 1e-12 * expected, "\(exponent)")
        }
    }
}
