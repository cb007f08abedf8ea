import KernelInterface

/// Bytes that never change while a reference to them exists.
public protocol FixedBytes: Sendable {
    /// Calls `body` with the bytes, which stay valid only until it returns.
    func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Snapshot: FixedBytes {}
