import ZeroMQ

/// A machine to start a worker on, as ssh reaches it.
public struct Host: Hashable, Sendable, CustomStringConvertible {
    /// The user to log in as; nil for ssh's default.
    public let user: String?
    /// A name from ssh's configuration, a host name, or an address without brackets.
    public let name: String
    /// The port of its ssh server; nil for ssh's default.
    public let port: UInt16?
    /// The lanes of its worker; nil for one per processor.
    public let lanes: Int?

    /// The host without its lanes, which identifies it in a list.
    public var description: String {
        let isBare = port == nil || !name.contains(":")
        return (user.map { "\($0)@" } ?? "") + (isBare ? name : "[\(name)]")
            + (port.map { ":\($0)" } ?? "")
    }

    /// The host in the form that ``init(_:lanes:)`` reads.
    var word: String {
        guard let lanes else {
            // A single number after the name means lanes.
            return port == nil ? description : "\(description):"
        }
        let isBare = port != nil || !name.contains(":")
        return (isBare ? description : (user.map { "\($0)@" } ?? "") + "[\(name)]") + ":\(lanes)"
    }

    /// ssh's arguments that name the host, its port and the user.
    var destination: [String] {
        (port.map { ["-p", "\($0)"] } ?? []) + [(user.map { "\($0)@" } ?? "") + name]
    }

    /// The maximum number of lanes of a worker.
    static let mostLanes = 1024
}

// The form in `--host` and in files: [USER@]NAME[:PORT][:LANES], with an IPv6 address in brackets
// if a number follows it.

extension Host {
    /// Reads a host from one word.
    ///
    /// - Parameters:
    ///   - text: `[USER@]NAME[:LANES]` or `[USER@]NAME:PORT:[LANES]`; with known lanes,
    ///     `[USER@]NAME[:PORT]`.
    ///   - known: the lanes, if given elsewhere.
    /// - Throws: ``Fault`` with the reason.
    init(_ text: Substring, lanes known: Int? = nil) throws(Fault) {
        let at = text.lastIndex(of: "@")
        let user = at.map { String(text[..<$0]) }
        let rest = at.map { text[text.index(after: $0)...] } ?? text
        guard user.map(Self.isName) ?? true else {
            throw Fault(reason: "'\(user ?? "")' is not a user's name")
        }
        let (name, numbers) = try Self.split(rest)
        guard Self.isName(name) else {
            throw Fault(reason: "'\(name)' is not the name of a machine")
        }
        guard numbers.count <= (known == nil ? 2 : 1) else {
            throw Fault(reason: "'\(text)' has too many numbers: \(Self.form)")
        }
        let port = known == nil ? (numbers.count == 2 ? numbers[0] : nil) : numbers.first
        let lanes = known == nil ? numbers.last : nil
        (self.user, self.name) = (user, String(name))
        if let port { self.port = try Self.port(port) } else { self.port = nil }
        if let lanes, !(lanes.isEmpty && numbers.count == 2) {
            self.lanes = try Self.lanes(lanes)
        } else {
            self.lanes = known
        }
    }

    /// Reads where to log in: `[USER@]NAME[:PORT]`.
    ///
    /// - Throws: ``HostListError``
    public init(login text: String) throws(HostListError) {
        do throws(Fault) {
            try self.init(text[...], lanes: 1)
        } catch {
            throw HostListError(place: "--coordinator", reason: error.reason)
        }
    }

    /// The reason why a host's text is invalid.
    struct Fault: Error {
        let reason: String
    }

    static let form = "the form is [USER@]HOST[:LANES] or [USER@]HOST:PORT:LANES"

    /// Splits a name and the numbers after it.
    private static func split(_ text: Substring) throws(Fault) -> (Substring, [Substring]) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw Fault(reason: "'\(text)' lacks a ']'")
            }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw Fault(reason: "'\(text)' has '\(rest)' behind its address: \(form)")
            }
            let numbers = rest.split(separator: ":", omittingEmptySubsequences: false).dropFirst()
            return (text[text.index(after: text.startIndex)..<end], Array(numbers))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isAddress = HostAddress(String(text))?.isIPv6 ?? false
        if isAddress { return (text, []) }
        return (parts[0], Array(parts.dropFirst()))
    }

    /// Whether a name is safe to pass to ssh: not an option, and without characters special to a
    /// shell.
    private static func isName(_ text: some StringProtocol) -> Bool {
        (1...253).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._-:%".utf8.contains(byte)
                }
            }
    }

    private static func port(_ text: Substring) throws(Fault) -> UInt16 {
        guard let port = plainNumber(text, in: 1...65535) else {
            throw Fault(reason: "'\(text)' is not a port (1 to 65535)")
        }
        return UInt16(port)
    }

    static func lanes(_ text: Substring) throws(Fault) -> Int {
        guard let lanes = plainNumber(text, in: 1...mostLanes) else {
            throw Fault(reason: "'\(text)' is not a number of lanes (1 to \(mostLanes))")
        }
        return lanes
    }

    /// Parses a number of digits only; nil outside the range.
    private static func plainNumber(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }
}
