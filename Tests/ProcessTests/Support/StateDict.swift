/// A `state_dict` as PyTorch's users save it in a safetensors file, for a test to damage.
struct StateDict {
    /// A tensor and its entry in the file's header.
    struct Tensor {
        let name: String
        var type = "F32"
        var shape: [Int]
        var bytes: [UInt8]
        /// The offsets in the header; the true ones if this is nil.
        var claimedOffsets: [Int]?
    }

    var tensors: [Tensor]

    /// The tensors of a model, without Tern's metadata.
    init(ofModel path: String) throws {
        tensors = try TensorFile(readFile(path)).tensors.map {
            Tensor(name: $0.name, shape: $0.shape, bytes: $0.bytes)
        }
    }

    /// Changes the tensor with a name.
    mutating func change(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }

    /// The file's bytes.
    var encoded: [UInt8] {
        var start = 0
        let entries = tensors.map { tensor in
            let offsets = tensor.claimedOffsets ?? [start, start + tensor.bytes.count]
            start += tensor.bytes.count
            return #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":\#(tensor.shape),"#
                + #""data_offsets":\#(offsets)}"#
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return littleEndian(UInt64(header.count)) + header + tensors.flatMap(\.bytes)
    }

    /// Writes the file to the test's bench, and returns its path.
    func write(_ name: String = "weights.safetensors") throws -> String {
        try writeFile(name, encoded)
    }
}

/// The bytes of an integer, the lowest first.
func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
