import FoundationEssentials
import Glibc
import Training

/// `events.jsonl`: an object for each event of a run, on a line of its own.
///
/// What has happened stays: neither a resumed run nor one that goes back takes anything out.
public struct EventsFile: Sendable {
    /// The file's name in a run's folder.
    public static let name = "events.jsonl"

    /// The first process that has failed since the last session that came to an end.
    public let failure: ProcessFailure?
    private let file: Int32
    private let path: String

    /// Opens the file of a run.
    ///
    /// What an earlier session left half written is cut off.
    ///
    /// - Throws: ``FileError`` if the file cannot be written.
    public init(in folder: Folder) throws(FileError) {
        path = folder.path(of: Self.name)
        let earlier = folder.holds(Self.name) ? try folder.read(Self.name) : []
        let kept = Self.soundPart(of: earlier)
        failure = Self.failure(in: kept)
        file = try folder.openForAppending(Self.name, keeping: kept.count)
    }

    /// Ends the use of the file.
    package func close() { Glibc.close(file) }

    /// Adds an event.
    package func append(_ line: EventLine) throws(FileError) {
        try Files.writeAll(Array("\(line.json)\n".utf8), to: file, path: path)
    }

    /// The part up to the last whole line; of a power cut, zeros may be left behind it.
    private static func soundPart(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        while let end = rest.lastIndex(of: newline) {
            let start = rest[..<end].lastIndex(of: newline).map { $0 + 1 } ?? 0
            if EventLine(parsing: rest[start..<end]) != nil { return rest[...end] }
            rest = rest[..<start]
        }
        return []
    }

    /// Looks back from the end, and not beyond the last session that came to one: a run may have many events.
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
    /// The event as JSON, on one line of printable ASCII: neither a name nor a reason can do anything to a
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

    /// The event of a line; nil if that is none.
    package init?(parsing line: some Sequence<UInt8>) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let event = try? decoder.decode(Self.self, from: Data(line)) else { return nil }
        self = event
    }
}
