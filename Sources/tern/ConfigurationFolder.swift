import FoundationEssentials

/// The folder of this user's settings and secrets.
///
/// It is `$XDG_CONFIG_HOME/tern`, or else `~/.config/tern`; nil if there is no home.
var configurationFolder: String? {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["XDG_CONFIG_HOME"], !folder.isEmpty { return "\(folder)/tern" }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return "\(home)/.config/tern"
}
