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

    private struct Line: Encodable {
        var count = 0
        var inner: Inner?
        var text = ""
        var value = 0.0

        struct Inner: Encodable { var value = 0.0 }

        var json: JSONObject {
            var json = JSONObject()
            json.add("count", count)
            if let inner {
                var object = JSONObject()
                object.add("value", inner.value)
                json.add("inner", object)
            }
            json.add("text", text)
            json.add("value", value)
            return json
        }
    }

    @Test("writes the same bytes field by field")
    func fields() {
        var random = SystemRandomNumberGenerator()
        let special = Self.extremes + [.nan, .infinity, -.infinity, 100, 1e15, 1e16, 1e-5]
        let numbers = special + (0..<1000).map { _ in Double(bitPattern: random.next()) }
        for value in numbers {
            let scalars = (0..<8).map { _ in Unicode.Scalar(UInt8.random(in: 0..<0x80)) }
            let tail = ["", "ä/😀", "\u{2028}"].randomElement() ?? ""
            let text = String(String.UnicodeScalarView(scalars)) + tail
            let line = Line(
                count: Int(truncatingIfNeeded: random.next()),
                inner: text.utf8.first.map { $0 < 0x40 } == true ? .init(value: -value) : nil,
                text: text, value: value)
            #expect(String(decoding: line.json.text, as: UTF8.self) == jsonText(line))
        }
        #expect(JSONObject().text == Array("{}".utf8))
    }
}
