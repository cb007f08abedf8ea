/// A result that comes once: it is kept until somebody asks for it, and who asks before waits for it.
struct Completion<Value: Sendable> {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case completed(Value)
    }
    private var state = State.open

    /// Whether the result is there.
    var isCompleted: Bool {
        if case .completed = state { true } else { false }
    }

    /// The result has come; later ones are passed over.
    mutating func complete(_ value: Value) {
        guard !isCompleted else { return }
        if case .awaited(let continuation) = state { continuation.resume(returning: value) }
        state = .completed(value)
    }

    /// Resumes with the result, now or when it comes; only one may wait.
    mutating func resume(_ continuation: CheckedContinuation<Value, Never>) {
        switch state {
        case .open: state = .awaited(continuation)
        case .awaited: preconditionFailure("two wait for one result")
        case .completed(let value): continuation.resume(returning: value)
        }
    }
}
