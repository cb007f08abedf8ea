/// A row of a trace, which the viewer treats as a thread of a process.
struct TraceTrack: Hashable {
    /// The coordinator is process 1, and each worker another one.
    let pid: Int
    /// Thread 0 is the process itself; a worker's lanes follow.
    let tid: Int

    /// The coordinator's track.
    static let coordinator = TraceTrack(pid: 1, tid: 0)
}
