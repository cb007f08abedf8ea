import ArgumentParser
import DataParallel
import FoundationEssentials
import Training

/// Who is let in, and by whom.
struct KeyOptions: ParsableArguments {
    /// What takes the option's place where it is not given.
    private static let variable = "TERN_KEY"
    private static let anybody = "none"

    @Option(
        help: ArgumentHelp(
            "File of the key that coordinator and workers share; made if it does not exist. Peers "
                + "without the key are rejected. 'none': anyone may join, and nothing is encrypted. "
                + "(default: $\(variable) or ~/.config/tern/key over tcp; none over ipc)",
            valueName: "file"))
    var key: String?

    /// The option for a command line that is used in any folder, behind a space; empty where it
    /// was not given.
    var text: String {
        guard let key else { return "" }
        let value = key == Self.anybody ? key : (try? Files.absolutePath(key)) ?? key
        return " --key \(shellWord(value))"
    }

    /// The key that an endpoint needs, or nil where anybody may come.
    func key(for endpoint: String) throws -> ClusterKey? {
        try path(for: endpoint).map { try ClusterKey(path: $0) }
    }

    private func path(for endpoint: String) throws -> String? {
        // At a socket in the file system only this user can dial.
        guard key != nil || endpoint.hasPrefix("tcp://") else { return nil }
        let environment = ProcessInfo.processInfo.environment
        if let named = key ?? environment[Self.variable], !named.isEmpty {
            return named == Self.anybody ? nil : named
        }
        // What is put in the place of bytes that are no UTF-8.
        for variable in ["XDG_CONFIG_HOME", "HOME"]
        where environment[variable]?.contains("\u{FFFD}") == true {
            throw ValidationError("\(variable) is not valid UTF-8: name a key with --key")
        }
        guard let folder = configurationFolder else {
            throw ValidationError(
                "there is no home folder for the key: name a file with --key, or let anyone join "
                    + "with --key none")
        }
        return "\(folder)/key"
    }
}
