import Files
import FoundationEssentials
import Glibc

/// `events.jsonl`: one object per event of a run, each on its own line.
///
/// Events are never removed, neither by a resume nor by a rewind.
public struct EventsFile: Sendable {
    /// The file's name in a run's folder.
    public static let name = "events.jsonl"

    /// The first process that failed since the last `run_ended` event.
    public let failure: ProcessFailure?
    private let file: Int32
    private let path: String

    /// Opens the file of a run.
    ///
    /// A line that an earlier session left unfinished is cut off.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder) throws(FileError) {
        path = folder.path(of: Self.name)
        let earlier = folder.holds(Self.name) ? try folder.read(Self.name) : []
        let kept = Self.soundPart(of: earlier)
        failure = Self.failure(in: kept)
        file = try folder.openForAppending(Self.name, keeping: kept.count)
    }

    /// Closes the file.
    package func close() { Glibc.close(file) }

    /// Adds an event.
    package func append(_ line: EventLine) throws(FileError) {
        try Files.writeAll(Array("\(line.json)\n".utf8), to: file, path: path)
    }

    /// The bytes up to the last complete line; a power cut may leave zeros after it.
    private static func soundPart(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        while let end = rest.lastIndex(of: newline) {
            let start = rest[..<end].lastIndex(of: newline).map { $0 + 1 } ?? 0
            if EventLine(parsing: rest[start..<end]) != nil { return rest[...end] }
            rest = rest[..<start]
        }
        return []
    }

    /// Searches backwards to the last `run_ended` event, because a run may have many events.
    private static func failure(in bytes: ArraySlice<UInt8>) -> ProcessFailure? {
        var first: ProcessFailure?
        for line in bytes.split(separator: newline).reversed() {
            guard let line = EventLine(parsing: line) else { continue }
            if line.event == "run_ended" { break }
            if line.event == "process_failed" { first = line.failure ?? first }
        }
        return first
    }

    private static let newline = UInt8(ascii: "\n")
}

extension EventLine {
    /// The event as one line of JSON in printable ASCII, so that no name or reason can affect a
    /// terminal or an editor.
    package var json: String {
        let text = jsonText(self, isSnakeCase: true)
        let printable = UInt16(0x20)..<0x7F
        guard !text.utf16.allSatisfy(printable.contains) else { return text }
        return text.utf16.reduce(into: "") { ascii, unit in
            if printable.contains(unit), let scalar = UnicodeScalar(unit) {
                ascii.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16)
                ascii += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }

    /// Parses a line; nil if it is not an event.
    package init?(parsing line: some Sequence<UInt8>) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let event = try? decoder.decode(Self.self, from: Data(line)) else { return nil }
        self = event
    }
}
