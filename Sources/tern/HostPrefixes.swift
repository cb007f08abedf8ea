import Glibc
import Launching
import Monitoring

/// What stands on the screen before the lines of each host: its name, in a colour of its own.
struct HostPrefixes {
    private let hosts: [String]
    private let width: Int
    private let isColoured: Bool

    /// Colours that stand out on light and dark.
    ///
    /// They are those of the terminal but for black and white, and red, which is for errors.
    private static let colours = [36, 33, 35, 32, 34]

    /// The prefixes of a launch that begins with some hosts.
    init(of hosts: [Host]) {
        self.hosts = hosts.map(\.description)
        width = self.hosts.map(\.count).max() ?? 0
        isColoured = takesEscapes(STDOUT_FILENO)
    }

    /// The prefix of a host, which may have come later.
    func prefix(of host: Host) -> String {
        let name = "\(host)"
        let text = name + String(repeating: " ", count: max(0, width - name.count)) + " | "
        guard isColoured else { return text }
        let index = hosts.firstIndex(of: name) ?? name.utf8.reduce(0) { $0 &+ Int($1) }
        return "\u{1B}[\(Self.colours[index % Self.colours.count])m\(text)\u{1B}[0m"
    }
}
