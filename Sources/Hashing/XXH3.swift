import CXXHash

/// XXH3, a checksum that finds damage at memory speed but does not resist forgery.
public enum XXH3 {
    /// The 64-bit XXH3 of a buffer, with seed 0; it is the same on every machine.
    public static func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        tern_xxh3_64bits(bytes.baseAddress, bytes.count)
    }
}
