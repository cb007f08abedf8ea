import Files
import ModelFiles

/// A fixture from a script in `Scripts/fixtures`: named tensors in a safetensors file.
package struct Fixture {
    /// The metadata of the file.
    package var metadata: [String: String] { file.metadata }

    private let file: Safetensors
    private let path: String

    /// Reads a fixture.
    package init(path: String) throws {
        file = try Safetensors(parsing: Files.read(path), path: path)
        self.path = path
    }

    /// The elements of a float32 tensor, row-major.
    package func floats(_ name: String) throws -> [Float] {
        try elements(of: name, type: "F32", as: Float.self)
    }

    /// The elements of a float64 tensor, row-major.
    package func doubles(_ name: String) throws -> [Double] {
        try elements(of: name, type: "F64", as: Double.self)
    }

    /// The elements of a tensor of bytes, row-major.
    package func bytes(_ name: String) throws -> [UInt8] {
        try elements(of: name, type: "U8", as: UInt8.self)
    }

    private func elements<Element: BitwiseCopyable>(
        of name: String, type: String, as element: Element.Type
    ) throws -> [Element] {
        guard let tensor = file.tensor(name), tensor.type == type else {
            throw FixtureError(description: "\(path) has no tensor \(name) of type \(type)")
        }
        let size = MemoryLayout<Element>.stride
        return file.bytes(of: tensor).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: size).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: element)
            }
        }
    }
}

/// A fixture lacks what a test needs.
package struct FixtureError: Error, CustomStringConvertible {
    /// One line that describes what is missing.
    package let description: String
}
