/// Admits a number of callers at once, and the others in order of arrival, or before all others.
package actor Turnstile {
    private var free: Int
    private var queue: [CheckedContinuation<Void, Never>] = []

    package init(_ count: Int) { free = count }

    package func enter(first: Bool = false) async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { queue.insert($0, at: first ? 0 : queue.count) }
        }
    }

    package func leave() {
        if queue.isEmpty {
            free += 1
        } else {
            queue.removeFirst().resume()
        }
    }

    /// For tests that start processes, of all targets: some wait while others compute, but the processors
    /// must not be overloaded.
    package static let processTests = Turnstile(3)
}
