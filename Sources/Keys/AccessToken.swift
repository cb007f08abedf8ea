import Bounds

/// The secret of a web page's readers, in a file that only its owner may read.
public struct AccessToken: Sendable {
    /// The secret: 64 hexadecimal digits if Tern has made it.
    public let text: String
    /// Whether the file was just made.
    public let isNew: Bool

    /// Reads the secret in a file, or makes the file if there is none.
    ///
    /// - Throws: ``KeyError`` if the file cannot be used, can be read by others, or holds no secret.
    public init(at path: String) throws(KeyError) {
        if let bytes = try SecretFile.read(path) {
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            // A link and a cookie hold only these characters; a shorter secret can be guessed.
            let isPlain = line.allSatisfy { byte in
                UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80
                    || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
            }
            guard isPlain, (16...256).contains(line.count) else {
                throw .malformed(path: path, .token)
            }
            (text, isNew) = (String(decoding: line, as: UTF8.self), false)
            return
        }
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        text = String((0..<64).map { _ in digits[Int(generator.next() & 15)] })
        isNew = true
        try SecretFile.make(text + "\n", at: path)
    }
}
