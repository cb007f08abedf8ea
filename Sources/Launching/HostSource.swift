import Files
import FoundationEssentials
import Subprocess

/// The source of a run's machines, which may change while it runs.
public enum HostSource: Sendable {
    /// A fixed list.
    case fixed(HostList)
    /// A file that is read again every second.
    case file(String)
    /// A shell command that runs again and again.
    case command(String)

    /// The time between two checks; nil for a fixed list.
    var interval: Duration? {
        switch self {
        case .fixed: nil
        case .file: .seconds(1)
        case .command: .seconds(5)
        }
    }

    /// The current list of machines.
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

    /// The maximum size of a command's output, in bytes.
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

    /// Reports the list again and again, or why it cannot be read.
    ///
    /// Returns at once if the list is fixed, else when the task is cancelled.
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
