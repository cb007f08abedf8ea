/// A result that arrives once: it is kept until requested, and an earlier request waits for it.
struct Completion<Value: Sendable> {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case completed(Value)
    }
    private var state = State.open

    /// Whether the result has arrived.
    var isCompleted: Bool {
        if case .completed = state { true } else { false }
    }

    /// Sets the result; later ones are ignored.
    mutating func complete(_ value: Value) {
        guard !isCompleted else { return }
        if case .awaited(let continuation) = state { continuation.resume(returning: value) }
        state = .completed(value)
    }

    /// Resumes with the result, now or when it arrives; only one continuation may wait.
    mutating func resume(_ continuation: CheckedContinuation<Value, Never>) {
        switch state {
        case .open: state = .awaited(continuation)
        case .awaited: preconditionFailure("two wait for one result")
        case .completed(let value): continuation.resume(returning: value)
        }
    }
}
