import FileFormats

/// A file that is not a whole safetensors file, or has other tensors than those looked for.
public struct SafetensorsError: Error, CustomStringConvertible, Equatable {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String
    private let verdict: String
    private let remedy: String

    /// The error of a file that is not whole.
    init(_ path: String, _ reason: String, remedy: String = "use another copy") {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "is damaged or not a safetensors file:"
    }

    /// The error of a file of another format.
    init(_ path: String, _ format: FileFormat) {
        self.path = path
        reason = "\(format.name), not a safetensors file"
        // Most archives given for weights are what torch.save wrote.
        let remedy = format == .zip ? nil : format.remedy
        self.remedy = remedy ?? "save the state_dict with safetensors.torch.save_file"
        verdict = "is"
    }

    /// The error of a whole file that is of no use here.
    init(_ path: String, unfit reason: String, remedy: String) {
        self.path = path
        self.reason = reason
        self.remedy = remedy
        verdict = "does not fit:"
    }

    /// One line that says what is wrong and what to do.
    public var description: String {
        // A path, or a name in the file, may hold a line break; the promise of one line stands.
        String("\(path) \(verdict) \(reason); \(remedy)".map { $0.isNewline ? "?" : $0 })
    }
}
