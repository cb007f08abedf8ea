import KernelInterface

/// Bytes that stay as they are for as long as anybody holds them.
public protocol FixedBytes: Sendable {
    /// Calls `body` with the bytes, which stay valid only until it returns.
    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Snapshot: FixedBytes {}
