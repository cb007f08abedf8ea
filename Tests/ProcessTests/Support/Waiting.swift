/// How long any test waits for anything that must happen, or for a sign that it will; nothing takes a tenth of
/// this.
let patience = Duration.seconds(90)

/// Something that a test relies on did not happen.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `event` gives a value; for how long does not matter, only that it comes.
///
/// - Parameter progress: what changes as long as the event is still to be expected: the wait begins anew.
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

/// Waits until something is so.
func eventually(_ what: @autoclosure () -> String, _ condition: () throws -> Bool) async throws {
    try await eventually(what()) { try condition() ? () : nil }
}

/// Lets so many through at once, the others in the order in which they came.
actor Turnstile {
    private var free: Int
    private var queue: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { queue.append($0) }
        }
    }

    func leave() {
        if queue.isEmpty {
            free += 1
        } else {
            queue.removeFirst().resume()
        }
    }
}
