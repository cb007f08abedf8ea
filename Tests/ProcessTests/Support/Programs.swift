import FoundationEssentials
import Glibc
import Requirements
import Testing

/// A user who may do no more than any other.
enum Unprivileged {
    /// What runs a command as such a user: as nobody, where root can be that.
    static let command =
        getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    /// That it may run what was built.
    static let user = Requirement("a build's folder that is open to the user nobody") {
        canRun(command + ["test", "-x", ternPath])
    }
}

/// Expects that jq reads each line of a file as one JSON object.
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
