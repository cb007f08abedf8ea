import Training

/// `test.json`: how the newest test went, replaced after each.
public struct TestFile: Sendable {
    private let folder: Folder
    private let picture: @Sendable (_ example: Int) -> TestReport.Picture

    /// The file in a run's folder.
    ///
    /// - Parameter picture: shows an example of the test set.
    public init(
        in folder: Folder, picture: @escaping @Sendable (_ example: Int) -> TestReport.Picture
    ) {
        self.folder = folder
        self.picture = picture
    }

    /// Keeps the test of an epoch, if its detail is known.
    func keep(_ epoch: EpochReport) throws(FileError) {
        guard let detail = epoch.detail else { return }
        let report = TestReport(detail, epoch: epoch.epoch, step: epoch.step, picture: picture)
        try folder.writeAtomically(report.encoded(), to: TestReport.fileName)
    }
}
