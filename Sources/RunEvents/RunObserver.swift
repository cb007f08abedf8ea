import Files

/// Who wants to know what happens in a run.
public protocol RunObserver {
    /// Takes note of an event.
    ///
    /// It never waits for a disk or a reader.
    ///
    /// - Throws: ``FileError`` if an earlier event could not be written down, which ends the run.
    func record(_ event: RunEvent) throws(FileError)

    /// Calls `completion`, on any thread, once all events so far are written down, or with the error that
    /// kept one from it.
    func flush(then completion: @escaping @Sendable (FileError?) -> Void)

    /// Whether what waits to be written down takes so little memory that another step may be made.
    var hasRoom: Bool { get }
}
