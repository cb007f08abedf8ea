import Subprocess

extension SubprocessOutputSequence {
    /// Calls `body` with each line as it is printed; the last one may be incomplete.
    package func forEachLine(
        isolation: isolated (any Actor)? = #isolation, _ body: (String) -> Void
    ) async throws {
        let longest = 4096
        var open: [UInt8] = []
        for try await buffer in self {
            let bytes = open + buffer.withUnsafeBytes { Array($0) }
            let parts = bytes.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for line in parts.dropLast() { body(String(decoding: line, as: UTF8.self)) }
            open = (parts.last ?? []).suffix(longest)
        }
        if !open.isEmpty { body(String(decoding: open, as: UTF8.self)) }
    }
}
