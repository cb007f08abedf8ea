import CZeroMQ

/// An IPv4 or IPv6 address of a machine.
public struct HostAddress: Hashable, Sendable {
    /// As written without brackets: `10.0.0.5`, or `fe80::1%eth0` with its scope.
    public let text: String
    /// Whether it is an IPv6 address.
    public let isIPv6: Bool

    /// Parses an address; nil for a name.
    package init?(_ text: String) {
        let percent = text.firstIndex(of: "%")
        let plain = String(text[..<(percent ?? text.endIndex)])
        let family = tern_address_family(plain)
        guard family == AF_INET6 || (family == AF_INET && percent == nil) else { return nil }
        if let percent {
            // The number or the name of the network interface of a link-local address.
            let scope = text[percent...].dropFirst().utf8
            guard !scope.isEmpty, scope.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x2F })
            else { return nil }
        }
        self.text = text
        isIPv6 = family == AF_INET6
    }

    /// The address and a port in libzmq's form.
    package func endpoint(port: UInt16) -> String {
        "tcp://" + (isIPv6 ? "[\(text)]" : text) + ":\(port)"
    }

    /// Whether it stands for all addresses of the machine.
    var isWildcard: Bool { text == "0.0.0.0" || (isIPv6 && text.allSatisfy { ":0".contains($0) }) }

    /// Whether it reaches only this machine.
    var isLoopback: Bool { text == "::1" || text.hasPrefix("127.") }

    /// Whether it is valid on one link only.
    var isLinkLocal: Bool {
        if !isIPv6 { return text.hasPrefix("169.254.") }
        return ["fe8", "fe9", "fea", "feb"].contains(text.prefix(3).lowercased())
    }
}

extension HostAddress {
    /// The addresses of this machine's active network interfaces, or only of the named one.
    package static func ofThisMachine(interface: String? = nil) -> [HostAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var addresses: [HostAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let isWanted = interface.map { String(cString: entry.ifa_name) == $0 } ?? true
            guard isWanted, entry.ifa_flags & tern_interface_is_up != 0,
                let address = HostAddress(entry.ifa_addr)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }

    /// The address in a structure of the system's, or nil if it is no IP address.
    init?(_ structure: UnsafePointer<sockaddr>?) {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard let structure, tern_write_address(structure, &text, socklen_t(text.count)) == 0 else {
            return nil
        }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        self.init(String(decoding: bytes, as: UTF8.self))
    }
}
