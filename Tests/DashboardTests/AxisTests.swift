import Dashboard
import Testing

@Suite("An axis")
struct AxisTests {
    private static let values: [[Double]] = [
        [], [0], [1], [-1], [0, 1], [-3, 7], [0.1, 0.1], [1e308], [-1e308], [-1e308, 1e308],
        [.leastNonzeroMagnitude], [-.leastNonzeroMagnitude, .leastNonzeroMagnitude],
        [1e-300, 2e-300], [.nan], [.nan, 1], [.infinity, -.infinity],
        [.infinity, 3], [1e15, 1e15 + 1], [1e15, 1e15], [123_456, 123_457], [-0.0], [1e-13, 3e-13],
        [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [999.999, 1000.001], [2.302, 0.031],
    ]

    @Test(
        "has round ticks in ascending order, and a place for each value",
        arguments: values, [true, false])
    func holdsValues(_ values: [Double], _ zero: Bool) {
        for count in [1, 4, 5, 8] {
            let axis = Axis(values, including: zero, ticks: count)
            #expect(axis.low.isFinite && axis.high.isFinite && axis.low < axis.high)
            #expect((2...22).contains(axis.ticks.count))
            #expect(axis.ticks.allSatisfy { $0.isFinite })
            #expect(zip(axis.ticks, axis.ticks.dropFirst()).allSatisfy { $0 < $1 })
            for value in values + axis.ticks { #expect((0...1).contains(axis.place(value))) }
            for value in values where value.isFinite && abs(value) < 1e300 {
                #expect(axis.low <= value && value <= axis.high)
            }
            if zero { #expect(axis.low <= 0 && axis.high >= 0) }
            #expect(axis.place(axis.low) == 0 && axis.place(axis.high) == 1)
        }
    }

    @Test("ends at the last value if it is tight", arguments: values)
    func tight(_ values: [Double]) throws {
        let axis = Axis(values, isTight: true)
        #expect(axis.low.isFinite && axis.high.isFinite && axis.low < axis.high)
        #expect(!axis.ticks.isEmpty && axis.ticks.allSatisfy { $0 <= axis.high })
        for value in values + axis.ticks { #expect((0...1).contains(axis.place(value))) }
        let finite = values.filter { abs($0) < 1e300 }
        // A single value has no range.
        guard let least = finite.min(), let most = finite.max(), most - least > abs(most) * 1e-9
        else { return }
        #expect(axis.high == most || values.contains { abs($0) >= 1e300 })
    }

    @Test("labels its ticks briefly and without duplicates", arguments: values)
    func names(_ values: [Double]) {
        let axis = Axis(values)
        let names = axis.ticks.map(axis.text)
        #expect(names.allSatisfy { !$0.isEmpty && $0.count <= 10 }, "\(names)")
        #expect(Set(names).count == names.count, "\(names)")
    }

    @Test("labels ticks as people write numbers")
    func words() {
        func names(_ values: [Double], ticks: Int = 5) -> [String] {
            let axis = Axis(values, ticks: ticks)
            return axis.ticks.map(axis.text)
        }
        #expect(names([0, 1]) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(names([0, 100]) == ["0", "20", "40", "60", "80", "100"])
        #expect(names([0, 20_000], ticks: 4) == ["0", "5000", "10k", "15k", "20k"])
        #expect(
            names([123_456, 123_457]) == [
                "123.456k", "123.4562k", "123.4564k", "123.4566k", "123.4568k", "123.457k",
            ])
        #expect(
            names([0.50001, 0.50004], ticks: 3) == [
                "0.50000", "0.50001", "0.50002", "0.50003", "0.50004",
            ])
        #expect(names([0, 4e6], ticks: 4) == ["0", "1M", "2M", "3M", "4M"])
        #expect(names([0, 4e-7], ticks: 4) == ["0", "1e-7", "2e-7", "3e-7", "4e-7"])
    }
}
