import Kernels
import NeuralNetwork

/// How fast the kernels are, beside the most that the processor's fused multiply-adds allow.
public struct KernelRates: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The threads that computed at once.
    public let threads: Int
    /// The most floating-point operations a second, in billions, of all threads together.
    public let peakGflops: Double
    /// The matrix products.
    public let products: [KernelRate]
    /// What works value by value.
    public let elementwise: [KernelRate]
}

/// How fast one kernel is.
public struct KernelRate: Codable, Sendable {
    /// What it does.
    public let name: String
    /// The extents: rows x columns x depth of a product.
    public let shape: String
    /// The length of a call, on each of the threads.
    public let microseconds: Double
    /// Billions of floating-point operations a second, of all threads; nil if it computes nothing.
    public let gflops: Double?
    /// The share of the measured peak, 0 to 1.
    public let shareOfPeak: Double?
    /// Values a second, of all threads; nil for products.
    public let valuesPerSecond: Double?
}

/// Measures each kernel on several threads at once, with buffers of their own.
public struct KernelsBenchmark: Sendable {
    /// The layer whose shapes are measured.
    public var architecture: Architecture
    /// The rows of a pass.
    public var rows: Int
    /// The threads that compute at once.
    public var threads: Int
    /// The seconds that each kernel is measured for.
    public var seconds: Double

    /// The measurement of a layer's kernels.
    public init(_ architecture: Architecture, rows: Int, threads: Int, seconds: Double) {
        self.architecture = architecture
        self.rows = rows
        self.threads = threads
        self.seconds = seconds
    }

    /// Measures; each number is the median of the parts of its time, but the peak the greatest.
    public func run(_ kernels: any KernelSet.Type) -> KernelRates {
        let products = ProductCalls(architecture: architecture, rows: rows, kernels: kernels).all
        let elementwise = ElementwiseCalls(
            architecture: architecture, rows: rows, kernels: kernels
        ).all
        // A virtual machine may have less of its processors for a while, so the peak is looked for twice.
        let peakBefore = peak(kernels)
        let productRates = products.map(callsPerSecond)
        let elementwiseRates = elementwise.map(callsPerSecond)
        let peak = max(peakBefore, peak(kernels))
        return KernelRates(
            kernels: kernels.name, threads: threads, peakGflops: peak / 1e9,
            products: zip(products, productRates).map { rate(of: $0, calls: $1, peak: peak) },
            elementwise: zip(elementwise, elementwiseRates).map {
                rate(of: $0, calls: $1, peak: peak)
            })
    }

    /// Operations a second of all threads, doing nothing but fused multiply-adds.
    private func peak(_ kernels: any KernelSet.Type) -> Double {
        let rounds = 1000
        let operations = kernels.multiplyAddRegisters(rounds: rounds).operations
        let rates = ParallelRate(threads: threads, seconds: seconds).measure {
            var sum: Float = 0
            return {
                // What nobody looks at need not be computed.
                sum += kernels.multiplyAddRegisters(rounds: rounds).value
                precondition(sum >= 0)
            }
        }
        return Spread(rates).greatest * Double(operations)
    }

    private func callsPerSecond(_ call: KernelCall) -> Double {
        Spread(ParallelRate(threads: threads, seconds: seconds).measure(call.prepare)).median
    }

    private func rate(of call: KernelCall, calls: Double, peak: Double) -> KernelRate {
        let operations = calls * Double(call.operations)
        return KernelRate(
            name: call.name, shape: call.shape, microseconds: 1e6 * Double(threads) / calls,
            gflops: call.operations > 0 ? operations / 1e9 : nil,
            shareOfPeak: call.operations > 0 ? operations / peak : nil,
            valuesPerSecond: call.values.map { calls * Double($0) })
    }
}
