import Foundation

/// A queue that passes values from an event loop to the one test that waits for them.
///
/// It replaces an `AsyncStream`, because Thread Sanitizer does not see the stream's lock in the runtime
/// and reports a race. It knows the lock used here.
///
/// `@unchecked Sendable`: the variables are only accessed while the lock is held.
final class Mailbox<Element: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var elements: [Element] = []
    private var waiter: CheckedContinuation<Void, Never>?
    private var isCancelled = false

    func put(_ element: Element) {
        let waiter = lock.withLock {
            elements.append(element)
            return self.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits for the next value, or until the test is cancelled by its time limit.
    func next() async throws -> Element {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = lock.withLock {
                    let isReady = !elements.isEmpty || isCancelled
                    if !isReady { waiter = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = lock.withLock {
                isCancelled = true
                return self.waiter.take()
            }
            waiter?.resume()
        }
        let element = lock.withLock { elements.isEmpty ? nil : elements.removeFirst() }
        guard let element else { throw CancellationError() }
        return element
    }

    /// Waits for the next `count` values.
    func next(_ count: Int) async throws -> [Element] {
        var elements: [Element] = []
        while elements.count < count { elements.append(try await next()) }
        return elements
    }
}
