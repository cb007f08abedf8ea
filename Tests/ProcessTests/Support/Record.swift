import FoundationEssentials
import Hashing
import Testing

extension RunFolder {
    /// The lines of the record after its heading.
    var steps: [String] {
        get throws {
            let lines = try text("steps.csv").split(separator: "\n").map(String.init)
            try #require(lines.first == "step,epoch,first,end,weights_sha256")
            return Array(lines.dropFirst())
        }
    }

    /// Changes the lines of the record after its heading.
    func changeSteps(_ change: (inout [String]) -> Void) throws {
        var lines = try steps
        change(&lines)
        let text = (["step,epoch,first,end,weights_sha256"] + lines).map { "\($0)\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path("steps.csv")))
    }

    /// Flips the lowest bit of a tensor's first value in a file, and updates the file's digest.
    func changeSealed(_ name: String, tensor: String) throws {
        let bytes = try readFile(path(name))
        let value = try #require(
            try TensorFile(bytes).tensors.first { $0.name == tensor }?.bytes.prefix(64))
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: value) })
        try change(name) { bytes in
            bytes[place] ^= 1
            bytes = sealed(bytes)
        }
    }
}

/// The bytes of a safetensors file with a valid digest: the SHA-256 of the whole file, with
/// zeros in place of the digest.
private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    let key = Array(#""sha256":""#.utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: key) }) else {
        return bytes
    }
    let place = start + key.count..<start + key.count + 64
    bytes.replaceSubrange(place, with: [UInt8](repeating: UInt8(ascii: "0"), count: 64))
    bytes.replaceSubrange(place, with: SHA256.hex(of: bytes).utf8)
    return bytes
}
