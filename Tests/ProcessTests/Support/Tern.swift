import Glibc
import Testing

/// The folder of the built programs, which also holds the test program.
let buildFolder: String = {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
    let path = String(decoding: buffer.prefix(count), as: UTF8.self)
    return path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
}()

/// The built binary.
let ternPath = "\(buildFolder)/tern"

/// A kernel set that every processor of this architecture supports, maybe not the fastest.
let commonKernels: String = {
    #if arch(x86_64)
        "avx2"
    #else
        "neon"
    #endif
}()

/// Starts `tern` on the test's bench, on a terminal if one is given.
func start(
    _ arguments: [String], environment: [String: String] = [:], terminal: Terminal? = nil
) throws -> TernProcess {
    try bench.start([ternPath] + arguments, environment: environment, terminal: terminal?.path)
}

/// Runs `tern` on the test's bench to its end.
func tern(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ending {
    try await start(arguments, environment: environment).end()
}

/// Expects that a command is rejected with one line that contains all of `parts` and this exit
/// status, and that no new process remains.
func expectRefusal(
    _ arguments: [String], status: Int32, _ parts: String...,
    environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let others = bench.running()
    let ending = try await tern(arguments, environment: environment)
    expectRefusal(ending, status: status, parts, sourceLocation: sourceLocation)
    #expect(bench.running() == others, sourceLocation: sourceLocation)
}

/// Expects that a process ended with one line on standard error that contains all of `parts`.
func expectRefusal(
    _ ending: Ending, status: Int32, _ parts: [String],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(ending.status == status, "\(ending)", sourceLocation: sourceLocation)
    #expect(ending.errorLines.count == 1, "\(ending)", sourceLocation: sourceLocation)
    #expect(ending.errors.hasPrefix("tern: error: "), "\(ending)", sourceLocation: sourceLocation)
    for part in parts {
        #expect(ending.errors.contains(part), "\(ending)", sourceLocation: sourceLocation)
    }
}
