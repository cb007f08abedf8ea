import FoundationEssentials
import Keys

extension JobKey {
    /// The variable with the job's key itself, not with a file name.
    static let variable = "TERN_JOB_KEY"

    /// The key from this process's environment; nil if there is none.
    static var ofEnvironment: JobKey? {
        get throws(KeyError) {
            let text = ProcessInfo.processInfo.environment[variable] ?? ""
            return text.isEmpty ? nil : try JobKey(parsing: text, from: "$\(variable)")
        }
    }
}
