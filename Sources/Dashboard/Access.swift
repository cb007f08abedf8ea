import Glibc
import Monitoring

/// Who may read: a page of another site must not, and over a network only who has the token.
package struct Access: Sendable {
    /// The secret that a reader needs; nil where all who can connect may read.
    let token: String?
    /// The names, in lower case, by which the server may be called beside addresses.
    private let names: Set<String>

    /// The rules of a server.
    ///
    /// - Parameters:
    ///   - token: the secret that a reader needs; nil for none.
    ///   - names: names of the server, such as that of a proxy before it.
    package init(token: String?, names: [String]) {
        self.token = token
        self.names = Set((["localhost", EventLine.ownHost] + names).map { $0.lowercased() })
    }

    /// Whether a `Host` header names this server.
    ///
    /// Else a page of another site could have its own name lead here, and read what its visitor may read (DNS
    /// rebinding). No such page has a bare address for a name.
    package func isOwn(host: String) -> Bool {
        guard let name = Self.name(in: host.lowercased()) else { return false }
        return names.contains(name) || Self.isAddress(name)
    }

    /// The name before the port; nil where there is something else behind it.
    private static func name(in host: String) -> String? {
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            return isPort(host[host.index(after: end)...])
                ? String(host[host.index(after: host.startIndex)..<end]) : nil
        }
        let end = host.firstIndex(of: ":") ?? host.endIndex
        return isPort(host[end...]) ? String(host[..<end]) : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && UInt16(text.dropFirst()) != nil
    }

    private static func isAddress(_ name: String) -> Bool {
        // What the system reads ends at a zero.
        guard !name.utf8.contains(0) else { return false }
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
    }

    /// Whether a secret is the right one; it takes as long for a wrong one.
    package func isRight(_ secret: some StringProtocol) -> Bool {
        guard let token else { return true }
        let (given, wanted) = (Array(secret.utf8), Array(token.utf8))
        var difference = given.count ^ wanted.count
        for (index, byte) in wanted.enumerated() {
            difference |= Int(byte ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }
}
