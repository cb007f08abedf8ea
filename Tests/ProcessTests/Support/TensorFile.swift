import FoundationEssentials
import Testing

/// A safetensors file, read without the code under test.
struct TensorFile {
    struct Tensor {
        let name: String
        let shape: [Int]
        /// The elements as they are in the file.
        let bytes: [UInt8]

        /// The elements as float32, little-endian.
        var values: [Float] {
            stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(
                    bitPattern: (0..<4).reduce(UInt32(0)) { bits, index in
                        bits | UInt32(bytes[start + index]) << UInt32(8 * index)
                    })
            }
        }
    }

    /// The tensors in the order of their data.
    let tensors: [Tensor]
    let metadata: [String: String]

    /// A tensor's entry in the header; the metadata's strings are ignored.
    private struct Entry: Decodable {
        let dtype: String?
        let shape: [Int]?
        let offsets: [Int]?

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    private struct Metadata: Decodable {
        let entries: [String: String]?

        enum CodingKeys: String, CodingKey { case entries = "__metadata__" }
    }

    init(_ bytes: [UInt8]) throws {
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        try #require(bytes.count > 8 && (1..<bytes.count - 8).contains(length))
        let (header, data) = (Data(bytes[8..<8 + length]), Array(bytes[(8 + length)...]))
        metadata = try JSONDecoder().decode(Metadata.self, from: header).entries ?? [:]
        tensors = try JSONDecoder().decode([String: Entry].self, from: header)
            .compactMap { name, entry throws -> (start: Int, tensor: Tensor)? in
                guard entry.dtype == "F32", let shape = entry.shape, let offsets = entry.offsets
                else { return nil }
                try #require(offsets.count == 2 && offsets[0] <= offsets[1])
                try #require(offsets[1] <= data.count && offsets[0] >= 0)
                let elements = Array(data[offsets[0]..<offsets[1]])
                return (offsets[0], Tensor(name: name, shape: shape, bytes: elements))
            }
            .sorted { $0.start < $1.start }
            .map(\.tensor)
    }
}
