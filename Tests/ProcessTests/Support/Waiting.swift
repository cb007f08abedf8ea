/// The time limit of any test's wait for something that must happen, or for progress; nothing takes a tenth of
/// this, except on a machine that is busy with something else.
let patience = Duration.seconds(300)

/// A condition that a test depends on was not met.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `event` returns a value.
///
/// - Parameter progress: a value that changes while the event can still be expected; each change restarts the limit.
func eventually<Value>(
    _ what: @autoclosure () -> String, within limit: Duration = patience,
    progress: () -> Int = { 0 }, _ event: () throws -> Value?
) async throws -> Value {
    var start = ContinuousClock.now
    var last = progress()
    while true {
        if let value = try event() { return value }
        let now = progress()
        if now != last { (last, start) = (now, .now) }
        if .now - start > limit { throw TestFailure(description: "waited in vain: \(what())") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until a condition is true.
func eventually(_ what: @autoclosure () -> String, _ condition: () throws -> Bool) async throws {
    try await eventually(what()) { try condition() ? () : nil }
}
