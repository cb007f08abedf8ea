import FoundationEssentials
import Subprocess
import Training

/// Where the machines of a run are named, which may change while it goes on.
public enum HostSource: Sendable {
    /// They are given once.
    case fixed(HostList)
    /// A file, which is read again when it changes.
    case file(String)
    /// A command of the shell, which is asked again and again.
    case command(String)

    /// How long until the next look.
    var interval: Duration? {
        switch self {
        case .fixed: nil
        case .file: .seconds(1)
        case .command: .seconds(5)
        }
    }

    /// The machines that are named now.
    ///
    /// - Throws: ``HostListError``
    public func list() async throws -> HostList {
        switch self {
        case .fixed(let list): return list
        case .file(let path):
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try Files.read(path)
            } catch {
                throw HostListError(place: path, reason: "cannot be read: \(error.reason)")
            }
            return try HostList(parsing: bytes, from: path)
        case .command(let command):
            return try HostList(parsing: try await Self.output(of: command), from: "'\(command)'")
        }
    }

    /// The longest list that a command may print.
    private static let mostBytes = 1 << 20

    private static func output(of command: String) async throws -> [UInt8] {
        do {
            let result = try await Subprocess.run(
                .name("sh"), arguments: ["-c", command], output: .bytes(limit: mostBytes),
                error: .currentStandardError)
            guard result.terminationStatus.isSuccess else {
                throw HostListError(
                    place: "'\(command)'", reason: "it ended with \(result.terminationStatus)")
            }
            return result.standardOutput
        } catch let error as SubprocessError {
            throw HostListError(place: "'\(command)'", reason: "\(error)")
        }
    }

    /// Tells the list again and again, and why there is none.
    ///
    /// Ends at once where the list cannot change, and else when the task is cancelled.
    public func follow(
        _ tell: (Result<HostList, any Error>) async -> Void
    ) async {
        guard let interval else { return }
        while (try? await Task.sleep(for: interval)) != nil {
            do {
                await tell(.success(try await list()))
            } catch {
                await tell(.failure(error))
            }
        }
    }
}
