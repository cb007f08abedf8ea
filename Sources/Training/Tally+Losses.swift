import KernelInterface
import Reduction

/// Losses that are computed in concurrent parts, returned in order.
package func allLosses(
    parts: Int, losses: @escaping @Sendable (_ part: Int) async -> [ExampleLoss]
) async -> [ExampleLoss] {
    await withTaskGroup(of: (Int, [ExampleLoss]).self) { group in
        for part in 0..<parts { group.addTask { (part, await losses(part)) } }
        let all = await group.reduce(into: [[ExampleLoss]](repeating: [], count: parts)) {
            $0[$1.0] = $1.1
        }
        return Array(all.joined())
    }
}

extension Tally {
    /// The tally of examples' losses, added in order.
    public init(_ losses: some Sequence<ExampleLoss>) {
        self.init()
        for result in losses { self += result }
    }

    /// The tally of losses that are computed in concurrent parts and added in order.
    public init(parts: Int, losses: @escaping @Sendable (_ part: Int) async -> [ExampleLoss]) async
    {
        self.init(await allLosses(parts: parts, losses: losses))
    }

    /// Counts one more example.
    public static func += (left: inout Tally, right: ExampleLoss) {
        left.examples += 1
        left.correct += right.isCorrect ? 1 : 0
        left.loss += Double(right.loss)
    }
}
