import Files
import Hashing
import Subprocess
import SystemPackage

/// The program to copy to a host: the executable, and in `lib` the shared libraries that it needs.
///
/// From the host it needs only the C library.
public struct RemoteProgram: Sendable {
    /// A file of the program.
    public struct File: Sendable {
        /// The name in the program's folder: `tern`, or `lib/NAME`.
        let name: String
        /// The path on this machine.
        let path: String
        /// The size in bytes.
        let size: Int
    }

    /// The processor architecture, as `uname -m` prints it.
    public let architecture: String
    /// A prefix of the SHA-256 over its files' names and contents.
    public let digest: String
    let files: [File]

    /// The name of the executable.
    static let program = "tern"

    /// A program on this machine, with the shared libraries it loads here.
    ///
    /// - Throws: ``RemoteProgramError``
    public init(at path: String) async throws {
        var program = [(name: Self.program, path: path)]
        for library in try await Self.libraries(of: path) where !Self.isOfLibC(library.name) {
            program.append(("lib/\(library.name)", library.path))
        }
        try self.init(program)
    }

    /// The program in a folder made by `cluster/bundle`.
    ///
    /// - Throws: ``RemoteProgramError``
    public init(bundle folder: String) throws(RemoteProgramError) {
        var program = [(name: Self.program, path: "\(folder)/\(Self.program)")]
        do throws(FileError) {
            for name in try Files.names(in: "\(folder)/lib").sorted() where name.contains(".so") {
                program.append(("lib/\(name)", "\(folder)/lib/\(name)"))
            }
        } catch {
            throw .file(error)
        }
        try self.init(program)
    }

    /// The program for an architecture.
    ///
    /// - Throws: ``HostError`` if there is none.
    public static func fitting(
        _ architecture: String, among programs: [RemoteProgram]
    ) throws(HostError) -> RemoteProgram {
        guard let program = programs.first(where: { $0.architecture == architecture }) else {
            throw .noProgram(
                architecture: architecture, known: Set(programs.map(\.architecture)).sorted())
        }
        return program
    }

    private init(_ named: [(name: String, path: String)]) throws(RemoteProgramError) {
        var (files, digests, architecture) = ([File](), "", "")
        for (name, path) in named {
            let bytes = try Self.read(path)
            if files.isEmpty { architecture = try Self.architecture(of: bytes, path) }
            files.append(File(name: name, path: path, size: bytes.count))
            digests += "\(name) \(SHA256.hex(of: bytes))\n"
        }
        self.files = files
        self.architecture = architecture
        digest = String(SHA256.hex(of: Array(digests.utf8)).prefix(16))
    }

    private static func read(_ path: String) throws(RemoteProgramError) -> [UInt8] {
        do throws(FileError) {
            return try Files.read(path)
        } catch {
            throw .file(error)
        }
    }

    /// The shared libraries of a program, as the loader finds them; this loader mode runs nothing.
    private static func libraries(of path: String) async throws -> [(name: String, path: String)] {
        let listing = try await Subprocess.run(
            .path(FilePath(path)),
            environment: .inherit.updating(["LD_TRACE_LOADED_OBJECTS": "1"]),
            output: .string(limit: 1 << 20))
        // Each line is `NAME => PATH (ADDRESS)`.
        return listing.standardOutput.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").filter { $0 != "=>" }
            let name = words.first?.drop { $0 == "\t" } ?? ""
            return words.count == 3 && words[1].hasPrefix("/")
                ? (String(name), String(words[1])) : nil
        }
    }

    /// Whether a library is part of the C library, which must be the host's own.
    private static func isOfLibC(_ name: String) -> Bool {
        let parts = ["anl", "c", "dl", "m", "mvec", "pthread", "resolv", "rt", "util"]
        return name.hasPrefix("ld-linux") || parts.contains { name.hasPrefix("lib\($0).so") }
    }

    /// The architecture of a program, from its ELF header.
    private static func architecture(
        of bytes: [UInt8], _ path: String
    ) throws(RemoteProgramError) -> String {
        let header = bytes.prefix(20)
        guard header.count == 20, header.starts(with: [0x7F] + Array("ELF".utf8)) else {
            throw .notAProgram(path: path)
        }
        switch UInt16(header[18]) | UInt16(header[19]) << 8 {
        case 62: return "x86_64"
        case 183: return "aarch64"
        case let machine: return "ELF machine \(machine)"
        }
    }
}

/// Why a program cannot be copied to hosts.
public enum RemoteProgramError: Error, CustomStringConvertible {
    /// A file cannot be read.
    case file(FileError)
    /// A file is not a Linux program.
    case notAProgram(path: String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .file(let error):
            "cannot \(error.operation) \(error.path): \(error.reason): --program names a folder that "
                + "cluster/bundle has made"
        case .notAProgram(let path):
            "\(path) is not a program: --program names a folder that cluster/bundle has made"
        }
    }
}
