import CCrypto

/// An incremental SHA-256 (FIPS 180-4), computed by libcrypto.
///
/// It uses the CPU's SHA instructions if there are any: a gigabyte per second and more.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// Starts the sum of no bytes.
    public init() {
        // This happens only without memory, or with a libcrypto built without SHA-256. No caller could
        // recover, and every checksum of the program depends on it.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { fatalError("libcrypto cannot compute SHA-256") }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes to the sum; how they are cut into calls does not matter.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Ends the sum and returns its 32 bytes.
    public consuming func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { digest, count in
            var length: UInt32 = 0
            EVP_DigestFinal_ex(context, digest.baseAddress, &length)
            count = Int(length)
        }
    }

    /// Ends the sum and returns it as 64 lower-case hexadecimal digits.
    public consuming func finalizeHex() -> String { hexadecimal(finalize()) }

    /// The SHA-256 of a buffer, as 64 lower-case hexadecimal digits.
    public static func hex(of bytes: UnsafeRawBufferPointer) -> String {
        var sum = SHA256()
        sum.update(bytes)
        return sum.finalizeHex()
    }

    /// The SHA-256 of an array, as 64 lower-case hexadecimal digits.
    public static func hex(of bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { hex(of: $0) }
    }
}
