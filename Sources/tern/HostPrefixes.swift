import Glibc
import Launching
import Monitoring

/// The prefix of each host's lines on the screen: its name in its own colour.
struct HostPrefixes {
    private let hosts: [String]
    private let width: Int
    private let isColoured: Bool

    /// Colours that are readable on light and dark backgrounds.
    ///
    /// They are the terminal's without black, white, and red, which is for errors.
    private static let colours = [36, 33, 35, 32, 34]

    /// The prefixes of a launch that starts with these hosts.
    init(of hosts: [Host]) {
        self.hosts = hosts.map(\.description)
        width = self.hosts.map(\.count).max() ?? 0
        isColoured = takesEscapes(STDOUT_FILENO)
    }

    /// The prefix of a host, which may have been added later.
    func prefix(of host: Host) -> String {
        let name = "\(host)"
        let text = name + String(repeating: " ", count: max(0, width - name.count)) + " | "
        guard isColoured else { return text }
        let index = hosts.firstIndex(of: name) ?? name.utf8.reduce(0) { $0 &+ Int($1) }
        return "\u{1B}[\(Self.colours[index % Self.colours.count])m\(text)\u{1B}[0m"
    }
}
