import FoundationEssentials

/// Where this user's settings and secrets are: `$XDG_CONFIG_HOME/tern`, or else `~/.config/tern`; nil
/// where there is no home.
var configurationFolder: String? {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["XDG_CONFIG_HOME"], !folder.isEmpty { return "\(folder)/tern" }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return "\(home)/.config/tern"
}
