import FileFormats

/// A file that is not a valid safetensors file, or lacks the expected tensors.
public struct SafetensorsError: Error, CustomStringConvertible, Equatable {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String
    private let verdict: String
    private let remedy: String

    /// Makes the error of a file that is not valid.
    init(_ path: String, _ reason: String, remedy: String = "use another copy") {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "is damaged or not a safetensors file:"
    }

    /// Makes the error of a file in another format.
    init(_ path: String, _ format: FileFormat) {
        self.path = path
        reason = "\(format.name), not a safetensors file"
        // Most zip archives given as weights come from torch.save.
        let remedy = format == .zip ? nil : format.remedy
        self.remedy = remedy ?? "save the state_dict with safetensors.torch.save_file"
        verdict = "is"
    }

    /// Makes the error of a valid file that does not fit.
    init(_ path: String, unfit reason: String, remedy: String) {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "does not fit:"
    }

    /// One line: what is wrong and what to do.
    public var description: String {
        // A path, or a name in the file, may hold a line break; the description must stay one line.
        String("\(path) \(verdict) \(reason); \(remedy)".map { $0.isNewline ? "?" : $0 })
    }
}
