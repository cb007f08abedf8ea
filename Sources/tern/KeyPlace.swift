import ArgumentParser
import Files
import FoundationEssentials
import Monitoring

/// The place of a key or credential: an option, a variable, or the user's settings.
struct KeyPlace {
    /// The value that disables keys, so that anyone may join.
    static let anybody = "none"
    /// The value that reads a credential from standard input.
    static let standardInput = "-"

    /// The variable used if the option is not given.
    let variable: String
    /// The file's name in the user's settings.
    let name: String

    static let ofCoordinator = KeyPlace(variable: "TERN_COORDINATOR_KEY", name: "coordinator.key")
    static let ofWorker = KeyPlace(variable: "TERN_KEY", name: "worker.key")

    /// The path that the option or the variable names; nil if there is none.
    func named(_ option: String?) -> String? {
        let value = option ?? ProcessInfo.processInfo.environment[variable]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The path in the user's settings.
    func inSettings() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        // Bytes that are not UTF-8 arrive as U+FFFD.
        for variable in ["XDG_CONFIG_HOME", "HOME"]
        where environment[variable]?.contains("\u{FFFD}") == true {
            throw ValidationError("\(variable) is not valid UTF-8: name a key with --key")
        }
        guard let folder = configurationFolder else {
            throw ValidationError("there is no home folder for the key: name a file with --key")
        }
        return "\(folder)/\(name)"
    }
}

/// The option with a leading space for a command line in any folder; empty if there is no key.
func keyText(_ key: String?) -> String {
    guard let key else { return "" }
    let isPath = key != KeyPlace.anybody && key != KeyPlace.standardInput
    return " --key \(shellWord(isPath ? (try? Files.absolutePath(key)) ?? key : key))"
}
