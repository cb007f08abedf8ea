import FoundationEssentials
import Glibc
import Requirements
import Testing

/// A user without special rights.
enum Unprivileged {
    /// The command prefix for such a user: root becomes nobody.
    static let command =
        getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    /// The user can run the built program.
    static let user = Requirement("a build's folder that is open to the user nobody") {
        canRun(command + ["test", "-x", ternPath])
    }
}

/// Expects that jq reads each line of a file as a JSON object.
func expectObjects(
    _ path: String, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let lines = try readFile(path).split(separator: 10).count
    let jq = try await bench.start(["jq", "--compact-output", "--exit-status", "type", path]).end()
    #expect(jq.status == 0, "\(path): \(jq.errors)", sourceLocation: sourceLocation)
    #expect(lines > 0, "\(path)", sourceLocation: sourceLocation)
    let types = jq.output.split(separator: "\n")
    #expect(
        types.count == lines && types.allSatisfy { $0 == "\"object\"" }, "\(path)",
        sourceLocation: sourceLocation)
}
