/// Something in a run's folder that is not as it must be.
public struct Finding: Error, Encodable, Sendable, Equatable {
    /// The file that is wrong.
    public let file: String
    /// The step that it is wrong about, if it is one.
    public let step: Int?
    /// What is wrong, in one line that begins with the file.
    public let message: String

    /// A finding whose line begins with the file's name.
    init(_ file: String, step: Int? = nil, _ message: String) {
        self.init(file, step: step, line: "\(file): \(message)")
    }

    /// A finding whose line is written already.
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
