import Glibc
import Monitoring

/// Access rules: pages of other sites may not read, and over a network only holders of the token
/// may.
package struct Access: Sendable {
    /// The secret that a reader needs; nil if everyone who can connect may read.
    let token: String?
    /// The server's host names in lower case; addresses are always accepted.
    private let names: Set<String>

    /// A server's access rules.
    ///
    /// - Parameters:
    ///   - token: the secret that a reader needs; nil for none.
    ///   - names: the server's names, such as that of a proxy in front of it.
    package init(token: String?, names: [String]) {
        self.token = token
        self.names = Set((["localhost", EventLine.ownHost] + names).map { $0.lowercased() })
    }

    /// Whether a `Host` header names this server.
    ///
    /// Without this check, a page of another site could point its own name here and read what its
    /// visitor may read (DNS rebinding). Such a page never has a bare address as its host.
    package func isOwn(host: String) -> Bool {
        guard let name = Self.name(in: host.lowercased()) else { return false }
        return names.contains(name) || Self.isAddress(name)
    }

    /// The name before the port; nil if something other than a port follows it.
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
        // `inet_pton` would read only up to a zero byte.
        guard !name.utf8.contains(0) else { return false }
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
    }

    /// Whether a secret is right, compared in constant time.
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
