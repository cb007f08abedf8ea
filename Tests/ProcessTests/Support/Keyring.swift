import Testing

/// The files of a coordinator's key and of workers' credentials.
struct Keyring {
    let path: String

    init() { path = bench.path("ring/coordinator.key") }

    /// The environment that makes the commands use this key.
    var environment: [String: String] { ["TERN_COORDINATOR_KEY": path] }

    func make() async throws {
        #expect(try await tern(["key", "coordinator", "--key", path]).status == 0)
    }

    /// Creates a worker's credential, and returns its file.
    func worker(_ name: String, _ options: String...) async throws -> String {
        let file = bench.path("ring/\(name).key")
        let ending = try await tern(
            ["key", "worker", name, "--output", file] + options, environment: environment)
        #expect(ending.status == 0, "\(ending)")
        return file
    }

    func remove(_ name: String) async throws {
        let ending = try await tern(["key", "remove", name], environment: environment)
        #expect(ending.output == "\(name) may not join any more\n")
    }
}
