import Foundation
import ModelFiles
import Testing

/// A small file and the verdict of the format's own library, from a line that
/// `Scripts/fixtures/make-safetensors-cases.py` wrote.
private struct Sample: Decodable {
    let file: Data
    let isTaken: Bool
    /// Whether a key is repeated; the library takes the last one.
    let hasEqualKeys: Bool
}

@Suite("Safetensors headers")
struct SafetensorsHeaderTests {
    @Test("are accepted and rejected as by the format's own library, except for repeated keys")
    func library() throws {
        let path = "\(Bundle.module.bundlePath)/Fixtures/headers.jsonl"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 400)
        for line in lines {
            let sample = try JSONDecoder().decode(Sample.self, from: Data(line.utf8))
            let isTaken = (try? Safetensors(parsing: Array(sample.file), path: "x")) != nil
            let text = String(decoding: sample.file.dropFirst(8), as: UTF8.self)
            #expect(isTaken == (sample.isTaken && !sample.hasEqualKeys), "\(text)")
        }
    }

    @Test(
        "are rejected with a clear reason",
        arguments: [
            ("{\"a\":1,\"a\":2}", "an object should stand here"),
            ("{\"a\":\(entry),\"a\":\(entry)}", "the key a stands twice"),
            ("{\"a\":\(entry),\"\\u0061\":\(entry)}", "the key a stands twice"),
            ("{\"__metadata__\":{\"b\":\"1\",\"b\":\"2\"}}", "the key b stands twice"),
            ("\u{feff}{}", "it begins with a byte order mark"),
            ("{\"a\":\(entry),}", "nothing follows a comma"),
            (
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[5.0],\"data_offsets\":[0,5]}}",
                "5.0 stands where a whole"
            ),
            (
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[5]}}",
                "a lacks its dtype, its shape or its data_offsets"
            ),
            ("{\"a\":\"\t\"}", "an object should stand here"),
            ("{\"a", "a string has no end"),
        ])
    func words(header: String, reason: String) {
        refuse(fileBytes(header), because: reason)
    }

    @Test(
        "are rejected in encodings other than UTF-8",
        arguments: [String.Encoding.utf16LittleEndian, .utf16, .utf32])
    func encoding(encoding: String.Encoding) throws {
        let header = Array(try #require("{\"a\":\(Self.entry)}".data(using: encoding)))
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        refuse(length + header, because: "it is UTF-16 or UTF-32, not UTF-8")
    }

    @Test("are rejected if they have more than a hundred million bytes")
    func tooLarge() {
        let header = "{}" + String(repeating: " ", count: 99_999_999)
        refuse(fileBytes(header), because: "its header has 100000001 bytes")
    }

    @Test("may have no metadata, or null")
    func noMetadata() throws {
        let file = try Safetensors(parsing: fileBytes("{\"__metadata__\":null}"), path: "x")
        #expect(file.metadata.isEmpty && file.tensors.isEmpty)
    }

    @Test(
        "may name any type of the format, and an unknown type is reported",
        arguments: ["U128", "f32", ""])
    func unknownType(type: String) {
        let header = "{\"extra\":{\"dtype\":\"\(type)\",\"shape\":[1],\"data_offsets\":[0,8]}}"
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: fileBytes(header, data: .init(1...8)), path: "x")
        }
        #expect(
            error?.description.contains(
                "its tensor extra is of a type that Tern does not know, \(type)") == true)
    }

    private static let entry = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"

    private func refuse(_ bytes: [UInt8], because reason: String) {
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: bytes, path: "some/file")
        }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("some/file is damaged") && line.contains(reason), "\(line)")
    }
}
