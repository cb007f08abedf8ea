import Files
import FoundationEssentials
import Testing

@Suite("The JSON writer")
struct JSONTests {
    private struct Numbers: Codable, Equatable {
        var double: Double?
        var float: Float?
        var list: [Double?] = []
        var text = ""
    }

    static let extremes: [Double] = [
        0, -0.0, 1, .pi, 1e308, -1e308, .greatestFiniteMagnitude, .leastNormalMagnitude,
        .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-45,
        Double(Float.greatestFiniteMagnitude),
    ]

    @Test("writes finite numbers that read back unchanged", arguments: extremes)
    func finite(value: Double) throws {
        let numbers = Numbers(double: value, float: Float(value), list: [value, -value])
        for isPretty in [false, true] {
            let text = jsonText(numbers, isPretty: isPretty)
            let read = try JSONDecoder().decode(Numbers.self, from: Data(text.utf8))
            #expect(read.double == value)
            #expect(read.list == [value, -value])
            if Float(value).isFinite { #expect(read.float == Float(value)) }
        }
    }

    @Test(
        "writes null for numbers that are not finite",
        arguments: [Double.nan, .signalingNaN, .infinity, -.infinity])
    func notFinite(value: Double) throws {
        let numbers = Numbers(
            double: value, float: Float(value), list: [1, value], text: "\(value)")
        let text = jsonText(numbers)
        #expect(
            text == #"{"double":null,"float":null,"list":[1,null],"text":"\#(value)"}"#)
        let read = try JSONDecoder().decode(Numbers.self, from: Data(text.utf8))
        #expect(read == Numbers(list: [1, nil], text: "\(value)"))
        #expect(jsonText(value) == "null")
    }
}
