/// The machines of a run, each once.
public struct HostList: Equatable, Sendable {
    /// The hosts in the order of the input.
    public let hosts: [Host]

    /// The list as a value of `--host`.
    public var text: String { hosts.map(\.word).joined(separator: ",") }

    /// Reads the value of `--host`: hosts separated by commas.
    ///
    /// - Throws: ``HostListError``
    public init(option: String) throws(HostListError) {
        var hosts: [(Host, String)] = []
        for text in option.split(separator: ",", omittingEmptySubsequences: false) {
            do throws(Host.Fault) {
                hosts.append((try Host(text), "--host"))
            } catch {
                throw HostListError(place: "--host", reason: error.reason)
            }
        }
        try self.init(hosts, of: "--host")
    }

    /// Reads a file's content or a command's output, one host per line.
    ///
    /// A line is `HOST`, `HOST LANES`, `HOST slots=LANES` or `HOST:LANES`, the output of Horovod's
    /// discovery scripts. A `#` begins a comment. A byte order mark, carriage returns and a missing
    /// last line end are accepted.
    /// - Parameter place: the file's name, for errors.
    /// - Throws: ``HostListError`` with the line's number.
    public init(parsing bytes: [UInt8], from place: String) throws(HostListError) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let lines = (bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var hosts: [(Host, String)] = []
        for (index, line) in lines.enumerated() {
            let position = "\(place), line \(index + 1)"
            do throws(Host.Fault) {
                if let host = try Self.host(String(decoding: line, as: UTF8.self)) {
                    hosts.append((host, position))
                }
            } catch {
                throw HostListError(place: position, reason: error.reason)
            }
        }
        try self.init(hosts, of: place)
    }

    private static func host(_ line: String) throws(Host.Fault) -> Host? {
        let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
        switch words.count {
        case 0: return nil
        case 1: return try Host(words[0])
        case 2:
            let text = words[1].hasPrefix("slots=") ? words[1].dropFirst(6) : words[1]
            return try Host(words[0], lanes: Host.lanes(text))
        default: throw Host.Fault(reason: "'\(words[2])' is too much: a line is HOST LANES")
        }
    }

    private init(_ named: [(host: Host, place: String)], of place: String) throws(HostListError) {
        guard !named.isEmpty else {
            throw HostListError(place: place, reason: "it names no machine")
        }
        var seen: [String: String] = [:]
        for (host, place) in named {
            if let first = seen.updateValue(place, forKey: host.description) {
                let elsewhere = first == place ? "twice" : "in \(first), too"
                throw HostListError(place: place, reason: "\(host) is named \(elsewhere)")
            }
        }
        hosts = named.map(\.host)
    }
}

/// Why a list of machines cannot be used.
public struct HostListError: Error, Equatable, CustomStringConvertible {
    /// The option, or the file and its line.
    public let place: String
    /// What is wrong there.
    public let reason: String

    /// One line with the place and the reason.
    public var description: String { "\(place): \(reason)" }
}
