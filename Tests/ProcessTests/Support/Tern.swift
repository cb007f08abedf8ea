import Glibc
import Testing

/// The folder of the built programs, which is that of the program that runs the tests.
let buildFolder: String = {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
    let path = String(decoding: buffer.prefix(count), as: UTF8.self)
    return path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
}()

/// The built binary.
let ternPath = "\(buildFolder)/tern"

/// A kernel set that every processor of this kind can run, if not the fastest.
let commonKernels: String = {
    #if arch(x86_64)
        "avx2"
    #else
        "neon"
    #endif
}()

/// Starts `tern` on the test's bench, at a terminal if there is one.
func start(
    _ arguments: [String], environment: [String: String] = [:], terminal: Terminal? = nil
) throws -> TernProcess {
    try bench.start([ternPath] + arguments, environment: environment, terminal: terminal?.path)
}

/// Runs `tern` on the test's bench to its end.
func tern(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ending {
    try await start(arguments, environment: environment).end()
}

/// Expects that a command is refused: with one line that holds all of `parts`, with this exit
/// status, and with no process left but those that were there.
func expectRefusal(
    _ arguments: [String], status: Int32, _ parts: String...,
    environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let others = bench.running()
    let ending = try await tern(arguments, environment: environment)
    expectRefusal(ending, status: status, parts, sourceLocation: sourceLocation)
    #expect(bench.running() == others, sourceLocation: sourceLocation)
}

/// Expects that a process ended with one line of error that holds all of `parts`.
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
