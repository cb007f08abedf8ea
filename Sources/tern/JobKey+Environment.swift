import FoundationEssentials
import Keys

extension JobKey {
    /// The variable that holds the key of a job itself, not a file's name.
    static let variable = "TERN_JOB_KEY"

    /// The key that this process was given with its environment; nil where there is none.
    static var ofEnvironment: JobKey? {
        get throws(KeyError) {
            let text = ProcessInfo.processInfo.environment[variable] ?? ""
            return text.isEmpty ? nil : try JobKey(parsing: text, from: "$\(variable)")
        }
    }
}
