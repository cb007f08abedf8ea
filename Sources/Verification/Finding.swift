/// A fault in a run's folder.
public struct Finding: Error, Encodable, Sendable, Equatable {
    /// The faulty file.
    public let file: String
    /// The step concerned, if any.
    public let step: Int?
    /// The fault in one line that begins with the file's name.
    public let message: String

    /// A finding whose line begins with the file's name.
    init(_ file: String, step: Int? = nil, _ message: String) {
        self.init(file, step: step, line: "\(file): \(message)")
    }

    /// A finding with a complete line.
    init(_ file: String, step: Int? = nil, line: String) {
        self.file = file
        self.step = step
        message = line
    }

    /// The finding that a file was made with another setting than the run's.
    init(_ file: String, otherSetting setting: (option: String, value: String, other: String)) {
        self.init(
            file,
            "it was made with --\(setting.option) \(setting.other), but the run has "
                + "\(setting.value)")
    }
}
