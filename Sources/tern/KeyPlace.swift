import ArgumentParser
import FoundationEssentials
import Monitoring
import Training

/// Where a key or a credential is, by an option, a variable, or this user's settings.
struct KeyPlace {
    /// What lets anybody in.
    static let anybody = "none"
    /// What reads a credential from standard input.
    static let standardInput = "-"

    /// What takes the option's place where it is not given.
    let variable: String
    /// The file's name in the folder of this user's settings.
    let name: String

    static let ofCoordinator = KeyPlace(variable: "TERN_COORDINATOR_KEY", name: "coordinator.key")
    static let ofWorker = KeyPlace(variable: "TERN_KEY", name: "worker.key")

    /// The path that the option or the variable names; nil where neither does.
    func named(_ option: String?) -> String? {
        let value = option ?? ProcessInfo.processInfo.environment[variable]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The path in the folder of this user's settings.
    func inSettings() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        // What is put in the place of bytes that are no UTF-8.
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

/// The option for a command line that is used in any folder, behind a space; empty where there is none.
func keyText(_ key: String?) -> String {
    guard let key else { return "" }
    let isPath = key != KeyPlace.anybody && key != KeyPlace.standardInput
    return " --key \(shellWord(isPath ? (try? Files.absolutePath(key)) ?? key : key))"
}
