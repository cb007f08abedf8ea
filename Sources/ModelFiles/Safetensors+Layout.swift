import KernelInterface
import NeuralNetwork

extension Safetensors {
    /// Adds the tensors of a layout, with `prefix` before each name.
    mutating func append(_ values: Snapshot, layout: ParameterLayout, prefix: String = "") {
        append(
            values, layout.tensors.map { (prefix + $0.name, $0.shape, $0.count) })
    }

    /// Collects the values of a layout's tensors, with `prefix` before each name.
    func values(
        _ layout: ParameterLayout, prefix: String = "", path: String,
        remedy: String = "use another copy"
    ) throws(SafetensorsError) -> Snapshot {
        // The layout's size is only the file's claim, so memory is allocated for tensors that are present.
        var flat: [UInt8] = []
        for wanted in layout.tensors {
            guard let tensor = tensor(prefix + wanted.name) else {
                throw SafetensorsError(
                    path, unfit: "it has no tensor \(prefix + wanted.name)",
                    remedy: remedy)
            }
            guard tensor.type == "F32", tensor.shape == wanted.shape else {
                throw SafetensorsError(
                    path,
                    unfit: "\(tensor.name) is \(tensor.type) \(tensor.shape), not F32 "
                        + "\(wanted.shape)", remedy: remedy)
            }
            flat += bytes(of: tensor)
        }
        return Snapshot(copying: flat.span.bytes)
    }
}
