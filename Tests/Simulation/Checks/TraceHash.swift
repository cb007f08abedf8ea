import Hashing

/// The SHA-256 of the traces of several seeds.
package struct TraceHash: Sendable {
    /// The first seed.
    package let first: UInt64
    /// The hash as 64 hexadecimal digits.
    package let hash: String
    /// The violations, with their seeds.
    package let violations: [String]

    /// Runs the seeds one after another.
    init(of seeds: ClosedRange<UInt64>) {
        var sum = SHA256()
        var violations: [String] = []
        for seed in seeds {
            var trace: [UInt8] = []
            let report = World(
                Schedule(seed: seed), trace: { trace += Array(($0 + "\n").utf8) }
            ).run()
            if let violation = report.violation { violations.append("seed \(seed): \(violation)") }
            trace.withUnsafeBytes { sum.update($0) }
        }
        first = seeds.lowerBound
        hash = sum.finalizeHex()
        self.violations = violations
    }

    /// Runs seeds on all processors and returns a hash for each block of `blockSize`.
    package static func all(
        of seeds: ClosedRange<UInt64>, each blockSize: Int
    ) async -> [TraceHash] {
        await withTaskGroup { group in
            for first in stride(from: seeds.lowerBound, through: seeds.upperBound, by: blockSize) {
                let last = min(first + UInt64(blockSize - 1), seeds.upperBound)
                group.addTask { TraceHash(of: first...last) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.first < $1.first }
        }
    }
}

extension TraceHash: CustomStringConvertible {
    package var description: String { "\(first) \(hash)" }
}
