import FoundationEssentials
import ModelFiles
import TestSupport
import Testing

@Suite("A safetensors file")
struct SafetensorsTests {
    @Test("reads back its tensors and metadata unchanged")
    func roundTrip() throws {
        let file = try Safetensors(parsing: sample.encoded(), path: "x")
        #expect(file.metadata == sample.metadata)
        #expect(file.tensors == sample.tensors)
        for tensor in sample.tensors {
            #expect(file.bytes(of: tensor) == sample.bytes(of: tensor))
        }
        #expect(file.isSealed)
        #expect(file.tensor("b")?.shape == [3] && file.tensor("c") == nil)
    }

    @Test("accepts any text in names and metadata")
    func anyText() throws {
        let texts = ["", "\"quoted\"", "line\nbreak", "back\\slash", "ü 🦆", "\"sha256\":\"00"]
        let pairs = texts.map { ($0 + " key", $0) }
        var file = Safetensors(metadata: Dictionary(uniqueKeysWithValues: pairs))
        for text in texts { file.append("name " + text, shape: [0], bytes: nothing.span.bytes) }
        let read = try Safetensors(parsing: file.encoded(), path: "x")
        #expect(read.metadata == file.metadata)
        #expect(Set(read.tensors.map(\.name)) == Set(file.tensors.map(\.name)))
    }

    @Test("has the same bytes for the same content, and aligns its data to eight bytes")
    func bytes() throws {
        let bytes = sample.encoded()
        #expect(bytes == sample.encoded())
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length % 8 == 0 && bytes.count == 8 + length + 36)
        #expect(Array(bytes.suffix(36)) == Array(1...36))
    }

    @Test("has the format's JSON header")
    func header() throws {
        struct Entry: Decodable, Equatable {
            var dtype: String
            var shape: [Int]
            var offsets: [Int]

            enum CodingKeys: String, CodingKey {
                case dtype, shape
                case offsets = "data_offsets"
            }
        }
        struct Header: Decodable {
            var a: Entry
            var b: Entry
        }
        let bytes = sample.encoded()
        let header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<bytes.count - 36]))
        #expect(header.a == Entry(dtype: "F32", shape: [2, 3], offsets: [0, 24]))
        #expect(header.b == Entry(dtype: "F32", shape: [3], offsets: [24, 36]))
    }

    @Test("from another program, without a digest, is read")
    func foreign() throws {
        let header = """
            {"t":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},\
            "s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """
        let file = try Safetensors(parsing: fileBytes(header, data: [1, 2, 3, 4, 5, 6]), path: "x")
        #expect(!file.isSealed && file.metadata.isEmpty)
        #expect(file.tensors.map(\.name) == ["s", "t"])
        #expect(file.tensor("t").map { Array(file.bytes(of: $0)) } == [5, 6])
    }

    @Test("is rejected after any bit flips, except in the digest's key")
    func flippedBits() throws {
        let bytes = sample.encoded()
        var unnoticed: Set<Int> = []
        try forEachFlippedBit(of: bytes) { damaged, bit in
            do {
                let file = try Safetensors(parsing: damaged, path: "x")
                #expect(!file.isSealed && file.tensors == sample.tensors, "bit \(bit)")
                for tensor in sample.tensors {
                    #expect(file.bytes(of: tensor) == sample.bytes(of: tensor), "bit \(bit)")
                }
                #expect(file.metadata["note"] == sample.metadata["note"], "bit \(bit)")
                unnoticed.insert(bit / 8)
            } catch is SafetensorsError {}
        }
        let key = try #require(bytes.firstRange(of: Array("sha256".utf8)))
        #expect(unnoticed.isSubset(of: key))
    }

    @Test("is rejected if truncated at any length, or with extra bytes")
    func truncation() {
        let bytes = sample.encoded()
        for length in 0..<bytes.count {
            #expect(throws: SafetensorsError.self, "\(length) bytes") {
                try Safetensors(parsing: Array(bytes.prefix(length)), path: "x")
            }
        }
        #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: bytes + [0], path: "x")
        }
    }

    private let nothing: [UInt8] = []

    /// Two tensors with the bytes 1 to 36, and a note.
    private var sample: Safetensors {
        let bytes = (UInt8(1)...36).map { $0 }
        var file = Safetensors(metadata: ["note": "two \"tensors\""])
        file.append("a", shape: [2, 3], bytes: bytes.span.bytes.extracting(0..<24))
        file.append("b", shape: [3], bytes: bytes.span.bytes.extracting(24..<36))
        return file
    }
}

/// A file with this header, even a false one, and this data.
func fileBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        + Array(header.utf8) + data
}
