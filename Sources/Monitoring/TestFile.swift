import Files
import RunEvents

/// `test.json`: the result of the newest test, replaced after each.
public struct TestFile: Sendable {
    private let folder: Folder
    private let picture: @Sendable (_ example: Int) -> TestReport.Picture

    /// The file in a run's folder.
    ///
    /// A test of steps that will be repeated is removed.
    ///
    /// - Parameters:
    ///   - step: the number of steps already made.
    ///   - picture: returns an example of the test set.
    /// - Throws: ``FileError`` if the file exists and cannot be read.
    public init(
        in folder: Folder, resumingAt step: Int,
        picture: @escaping @Sendable (_ example: Int) -> TestReport.Picture
    ) throws(FileError) {
        self.folder = folder
        self.picture = picture
        try forget(after: step)
    }

    /// Removes the test if it is of a later step.
    func forget(after step: Int) throws(FileError) {
        guard folder.holds(TestReport.fileName) else { return }
        let report = TestReport(parsing: try folder.read(TestReport.fileName))
        if report.map({ $0.step > step }) ?? true { folder.remove(TestReport.fileName) }
    }

    /// Writes the test of an epoch, if it has details.
    func keep(_ epoch: EpochReport) throws(FileError) {
        guard let detail = epoch.detail else { return }
        let report = TestReport(detail, epoch: epoch.epoch, step: epoch.step, picture: picture)
        try folder.writeAtomically(report.encoded(), to: TestReport.fileName)
    }
}
