/// A row of a trace: a thread of a process, as far as the viewer knows.
struct TraceTrack: Hashable {
    /// The coordinator is the first process, and each worker one more.
    let pid: Int
    /// The process's own thread is 0; a worker's lanes follow.
    let tid: Int

    /// The coordinator's track.
    static let coordinator = TraceTrack(pid: 1, tid: 0)
}
