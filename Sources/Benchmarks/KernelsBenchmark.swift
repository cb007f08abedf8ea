import Kernels
import NeuralNetwork

/// The speed of the kernels, compared with the processor's peak for fused multiply-adds.
public struct KernelRates: Codable, Sendable {
    /// The kernel set's name.
    public let kernels: String
    /// The number of concurrent threads.
    public let threads: Int
    /// The peak of all threads together, in billions of floating-point operations a second.
    public let peakGflops: Double
    /// The matrix products.
    public let products: [KernelRate]
    /// The element-wise kernels.
    public let elementwise: [KernelRate]
}

/// The speed of one kernel.
public struct KernelRate: Codable, Sendable {
    /// The kernel's name.
    public let name: String
    /// The extents: rows x columns x depth of a product.
    public let shape: String
    /// The duration of a call on each thread.
    public let microseconds: Double
    /// Billions of floating-point operations a second on all threads; nil if the kernel computes
    /// nothing.
    public let gflops: Double?
    /// The fraction of the measured peak, 0 to 1.
    public let shareOfPeak: Double?
    /// Values a second on all threads; nil for products.
    public let valuesPerSecond: Double?
}

/// Measures each kernel on several threads at once, each with its own buffers.
public struct KernelsBenchmark: Sendable {
    /// The layer whose shapes are used.
    public var architecture: Architecture
    /// The rows of a pass.
    public var rows: Int
    /// The number of concurrent threads.
    public var threads: Int
    /// The seconds to measure each kernel.
    public var seconds: Double

    /// A benchmark of a layer's kernels.
    public init(_ architecture: Architecture, rows: Int, threads: Int, seconds: Double) {
        self.architecture = architecture
        self.rows = rows
        self.threads = threads
        self.seconds = seconds
    }

    /// Runs the benchmark; each number is the median over time windows, except the peak, which is
    /// the maximum.
    public func run(_ kernels: any KernelSet.Type) -> KernelRates {
        let products = ProductCalls(architecture: architecture, rows: rows, kernels: kernels).all
        let elementwise = ElementwiseCalls(
            architecture: architecture, rows: rows, kernels: kernels
        ).all
        // The peak is measured twice, because a virtual machine may temporarily get less processor
        // time.
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

    /// The operations a second of all threads, with fused multiply-adds alone.
    private func peak(_ kernels: any KernelSet.Type) -> Double {
        let rounds = 1000
        let operations = kernels.multiplyAddRegisters(rounds: rounds).operations
        let rates = ParallelRate(threads: threads, seconds: seconds).measure {
            var sum: Float = 0
            return {
                // Uses the result, because the compiler may remove a computation without one.
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
