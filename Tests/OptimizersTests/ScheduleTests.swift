import Glibc
import Optimizers
import Testing

@Suite("Learning-rate schedules")
struct ScheduleTests {
    @Test("keep a constant rate constant", arguments: [0, 1, 57, 100])
    func constant(step: Int) {
        #expect(Schedule(.constant, total: 100).rate(0.3, step: step) == 0.3)
    }

    @Test("start a cosine at the full rate, halve it midway and end at zero")
    func cosineEndPoints() {
        let schedule = Schedule(.cosine, total: 100)
        #expect(schedule.rate(0.3, step: 0) == 0.3)
        #expect((schedule.rate(0.3, step: 50) - 0.15).magnitude < 1e-16)
        #expect(schedule.rate(0.3, step: 100) == 0)
        #expect(Schedule(.cosine, total: 0).rate(0.3, step: 0) == 0.3)
    }

    @Test("lower a cosine at every step and never below zero")
    func cosineFalls() {
        let schedule = Schedule(.cosine, total: 4_690)
        let rates = (0...4_690).map { schedule.rate(0.002, step: $0) }
        #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 })
        #expect(rates.allSatisfy { $0 >= 0 })
    }

    @Test("multiply the rate by gamma after each interval of a step schedule")
    func step() {
        let schedule = Schedule(.step, total: 100, interval: 30, gamma: 0.5)
        let rates = [0, 1, 29, 30, 59, 60, 99].map { schedule.rate(0.25, step: $0) }
        #expect(rates == [0.25, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.03125])
    }

    @Test("raise the rate linearly during warm-up", arguments: ScheduleKind.allCases)
    func warmup(kind: ScheduleKind) {
        let schedule = Schedule(kind, total: 100, warmup: 4, interval: 50, gamma: 0.1)
        #expect((0..<5).map { schedule.rate(0.5, step: $0) } == [0.125, 0.25, 0.375, 0.5, 0.5])
    }

    @Test("stretch a cosine over the steps after warm-up")
    func warmCosine() {
        let warm = Schedule(.cosine, total: 110, warmup: 10)
        let cold = Schedule(.cosine, total: 100)
        for step in 0...100 {
            #expect(warm.rate(0.3, step: step + 10) == cold.rate(0.3, step: step))
        }
    }

    @Test("do not delay a step schedule by warm-up")
    func warmSteps() {
        let schedule = Schedule(.step, total: 100, warmup: 10, interval: 30, gamma: 0.5)
        #expect([29, 30, 60].map { schedule.rate(0.5, step: $0) } == [0.5, 0.25, 0.125])
    }

    @Test("allow a warm-up longer than the run", arguments: ScheduleKind.allCases)
    func longWarmup(kind: ScheduleKind) {
        let schedule = Schedule(kind, total: 10, warmup: 20)
        #expect((0..<10).allSatisfy { schedule.rate(2, step: $0) == Double($0 + 1) / 10 })
    }

    @Test("use a cosine within 1e-15 of the library's")
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
    @Test("are exact if small")
    func exact() {
        #expect(power(0.9, 0) == 1)
        #expect(power(0.9, 1) == 0.9)
        #expect(power(3, 20) == 3_486_784_401)
        #expect(power(0.5, 1_074) == .leastNonzeroMagnitude)
    }

    @Test("match the library's for Adam's decays, within rounding", arguments: [0.9, 0.999])
    func decay(base: Double) {
        for exponent in Array(1...1_000) + [46_900, 1_000_000] {
            let expected = pow(base, Double(exponent))
            #expect((power(base, exponent) - expected).magnitude <= 1e-12 * expected, "\(exponent)")
        }
    }
}
