import Files

/// The parsed header of a safetensors file, as strict as the format's own library.
///
/// It is stricter in one point: it rejects a duplicate key, where the library takes the last one.
struct SafetensorsHeader {
    private(set) var metadata: [String: String] = [:]
    private(set) var tensors: [Safetensors.Tensor] = []

    /// The library's limit for a header, in bytes.
    static let mostBytes = 100_000_000

    init(parsing text: ArraySlice<UInt8>) throws(JSONReader.Fault) {
        var reader = try JSONReader(text)
        try reader.object { reader, key throws(JSONReader.Fault) in
            guard key == "__metadata__" else {
                tensors.append(try Self.tensor(key, &reader))
                return
            }
            if reader.null() { return }
            try reader.object { reader, key throws(JSONReader.Fault) in
                metadata[key] = try reader.string()
            }
        }
        try reader.finish()
    }

    private static func tensor(
        _ name: String, _ reader: inout JSONReader
    ) throws(JSONReader.Fault) -> Safetensors.Tensor {
        var type: String?
        var (shape, offsets): ([Int]?, [Int]?)
        try reader.object { reader, key throws(JSONReader.Fault) in
            switch key {
            case "dtype": type = try reader.string()
            case "shape": shape = try numbers(&reader)
            case "data_offsets": offsets = try numbers(&reader)
            default: try reader.skip()
            }
        }
        guard let type, let shape, let offsets else {
            throw reader.fault("\(name.prefix(80)) lacks its dtype, its shape or its data_offsets")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw reader.fault("the data_offsets of \(name.prefix(80)) are not a start and an end")
        }
        return Safetensors.Tensor(
            name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func numbers(_ reader: inout JSONReader) throws(JSONReader.Fault) -> [Int] {
        var numbers: [Int] = []
        try reader.array { reader throws(JSONReader.Fault) in
            numbers.append(try reader.wholeNumber())
        }
        return numbers
    }
}
