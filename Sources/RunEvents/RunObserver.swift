import Files

/// Receives the events of a run.
public protocol RunObserver {
    /// Records an event.
    ///
    /// It never waits for a disk or a reader.
    ///
    /// - Throws: ``FileError`` if an earlier event could not be written; this ends the run.
    func record(_ event: RunEvent) throws(FileError)

    /// Calls `completion` on any thread once all events so far are written, or with the error that
    /// prevented it.
    func flush(then completion: @escaping @Sendable (FileError?) -> Void)

    /// Whether the unwritten events take so little memory that another step may be made.
    var hasRoom: Bool { get }
}
