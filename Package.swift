// swift-tools-version:6.2
import PackageDescription

// Each folder in Sources is a target of the same name; imports point only down this list. A target
// lists every module that it compiles against, even if another module re-exports it: otherwise a
// change of that module does not rebuild the target.

let strict: [SwiftSetting] =
    Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// For tests that do not compute themselves: to optimize them takes longer than to run them without.
let unoptimized = strict + [.unsafeFlags(["-Onone"])]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// One kernel set: the same sources, compiled for the named instructions.
func kernels(_ name: String, define: String, architecture: String?) -> Target {
    var flags = ["-Ounchecked"]
    if let architecture { flags += ["-Xcc", "-march=\(architecture)"] }
    return .target(
        name: name, dependencies: ["CProcessor", "KernelInterface"],
        swiftSettings: strict + [.define(define), .unsafeFlags(flags)])
}

/// The tests of a module.
///
/// - Parameter optimized: for tests that compute much, or count allocations.
func tests(
    of name: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false,
    optimized: Bool = false
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.target(name: name)] + dependencies,
        resources: fixtures ? [.copy("Fixtures")] : [],
        swiftSettings: optimized ? strict : unoptimized)
}

#if arch(x86_64)
    let kernelSets = [
        kernels("KernelsAVX512", define: "TERN_AVX512", architecture: "x86-64-v4"),
        kernels("KernelsAVX2", define: "TERN_AVX2", architecture: "x86-64-v3"),
    ]
#else
    let kernelSets = [kernels("KernelsNEON", define: "TERN_NEON", architecture: nil)]
#endif

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "tern",
    products: [.library(name: "TernKit", targets: ["TernKit"])],
    dependencies: [
        // A plugin that generates documentation, see CONTRIBUTING.md; no target depends on it.
        .package(url: "https://github.com/swiftlang/swift-docc-plugin.git", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
    ],
    targets: kernelSets + [
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),

        module("KernelInterface"),
        module(
            "Kernels",
            ["CProcessor", "KernelInterface"] + kernelSets.map { .target(name: $0.name) }),
        module("Bounds"),
        module("FileFormats"),
        module("Randomness"),
        module("Hashing", ["CCrypto", "CXXHash"]),
        module("NeuralNetwork", ["KernelInterface", "Kernels", "Randomness"]),
        module("Optimizers", ["KernelInterface", "Kernels"]),
        module("Images", ["CPNG", "FileFormats"]),
        module("Datasets", ["CZlib", "FileFormats", "Hashing", "KernelInterface", "Randomness"]),
        module("Files"),
        module("Settings", ["Bounds", "Datasets", "Files", "NeuralNetwork", "Optimizers"]),
        module("Reduction", ["Bounds", "KernelInterface", "Kernels"]),
        module("RunEvents", ["Files", "Hashing", "KernelInterface", "Reduction"]),
        module(
            "ModelFiles",
            [
                "Bounds", "Datasets", "FileFormats", "Files", "Hashing", "KernelInterface",
                "Kernels", "NeuralNetwork", "Optimizers", "Reduction", "Settings",
            ]),
        module(
            "RunFolder",
            [
                "Bounds", "Files", "Hashing", "KernelInterface", "ModelFiles", "Reduction",
                "RunEvents", "Settings",
            ]),
        module(
            "Training",
            [
                "Datasets", "Files", "KernelInterface", "Kernels", "ModelFiles", "NeuralNetwork",
                "Optimizers", "Reduction", "RunEvents", "Settings",
            ]),
        module("Protocol", ["Bounds"]),
        module("ZeroMQ", ["Bounds", "CZeroMQ"]),
        module("Keys", ["Bounds", "Files", "Hashing", "ZeroMQ"]),
        module(
            "DataParallel",
            [
                "Bounds", "Datasets", "Files", "Hashing", "KernelInterface", "Kernels", "Keys",
                "ModelFiles", "NeuralNetwork", "Optimizers", "Protocol", "Randomness", "Reduction",
                "RunEvents", "RunFolder", "Settings", "Training", "ZeroMQ",
            ]),
        module(
            "Monitoring",
            [
                "Bounds", "Files", "Hashing", "ModelFiles", "Reduction", "RunEvents", "RunFolder",
                "Settings", "Training", "ZeroMQ", logging,
            ]),
        module(
            "Watching",
            [
                "Bounds", "Files", "ModelFiles", "Monitoring", "Reduction", "RunEvents",
                "RunFolder", "Settings", "Training", "ZeroMQ", logging,
            ]),
        .target(
            name: "Dashboard",
            dependencies: [
                "Bounds", "Files", "ModelFiles", "Monitoring", "Reduction", "RunEvents",
                "RunFolder", "Settings", "Training", "Watching", "ZeroMQ",
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Page")], swiftSettings: strict),
        .target(
            name: "Launching",
            dependencies: [
                "Bounds", "Files", "Hashing", "Kernels", "Keys", "ModelFiles", "Monitoring",
                "Reduction", "RunEvents", "RunFolder", "Settings", "Training", "ZeroMQ", logging,
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            resources: [.embedInCode("Remote")], swiftSettings: strict),
        module(
            "TernKit",
            [
                "Bounds", "Datasets", "Files", "KernelInterface", "Kernels", "ModelFiles",
                "NeuralNetwork", "Optimizers", "Reduction", "RunEvents", "Settings", "Training",
            ]),
        module(
            "Verification",
            [
                "Bounds", "Datasets", "Files", "Hashing", "KernelInterface", "Kernels",
                "ModelFiles", "Monitoring", "NeuralNetwork", "Optimizers", "Reduction", "RunEvents",
                "RunFolder", "Settings", "TernKit", "Training", "ZeroMQ", logging,
            ]),
        module(
            "Benchmarks",
            [
                "Bounds", "CZeroMQ", "DataParallel", "Datasets", "Files", "Hashing",
                "KernelInterface", "Kernels", "ModelFiles", "NeuralNetwork", "Optimizers",
                "Protocol", "Randomness", "Reduction", "RunEvents", "RunFolder", "Settings",
                "Training", "ZeroMQ", .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        .executableTarget(
            name: "tern",
            dependencies: [
                "Benchmarks", "Bounds", "Dashboard", "DataParallel", "Datasets", "FileFormats",
                "Files", "Hashing", "Images", "KernelInterface", "Kernels", "Keys", "Launching",
                "ModelFiles", "Monitoring", "NeuralNetwork", "Optimizers", "Protocol", "Reduction",
                "RunEvents", "RunFolder", "Settings", "TernKit", "Training", "Verification",
                "Watching", "ZeroMQ", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "TrainAndPredict",
            dependencies: [
                "Bounds", "Datasets", "Files", "KernelInterface", "Kernels", "ModelFiles",
                "NeuralNetwork", "Optimizers", "Reduction", "RunEvents", "Settings", "TernKit",
                "Training",
            ],
            path: "Examples/TrainAndPredict", swiftSettings: strict),

        .executableTarget(
            name: "tern-chaos",
            dependencies: [
                "Bounds", "Files", "Keys", "ModelFiles", "Monitoring", "Reduction", "RunEvents",
                "RunFolder", "Settings", "TestSupport", "Training", "ZeroMQ",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/Chaos", swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "Bounds", "Datasets", "Files", "KernelInterface", "Kernels", "Keys", "ModelFiles",
                "NeuralNetwork", "Randomness", "Reduction", "RunEvents", "Settings",
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(name: "Requirements", path: "Tests/Requirements", swiftSettings: strict),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .target(
            name: "Simulation",
            dependencies: [
                "Bounds", "DataParallel", "Datasets", "Files", "Hashing", "KernelInterface",
                "Kernels", "ModelFiles", "NeuralNetwork", "Optimizers", "Protocol", "Randomness",
                "Reduction", "RunEvents", "RunFolder", "Settings", "TestSupport", "Training",
                "ZeroMQ",
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "tern-simulate",
            dependencies: [
                "Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/SimulationTool", swiftSettings: strict),
        .target(
            name: "Fuzzing",
            dependencies: [
                "Bounds", "DataParallel", "Datasets", "Files", "Hashing", "Images",
                "KernelInterface", "Kernels", "ModelFiles", "NeuralNetwork", "Optimizers",
                "Protocol", "Randomness", "Reduction", "RunEvents", "RunFolder", "Settings",
                "Simulation", "TestSupport", "Training", "ZeroMQ",
            ],
            path: "Tests/Fuzzing", swiftSettings: strict),
        tests(of: "Kernels", ["KernelInterface", "TestSupport"], optimized: true),
        tests(of: "Randomness"),
        tests(
            of: "NeuralNetwork",
            [
                "Bounds", "Files", "KernelInterface", "Kernels", "ModelFiles", "Optimizers",
                "Randomness", "Reduction", "RunEvents", "Settings", "TestSupport",
            ],
            fixtures: true, optimized: true),
        tests(
            of: "Optimizers",
            [
                "Bounds", "Files", "KernelInterface", "Kernels", "ModelFiles", "Reduction",
                "RunEvents", "Settings", "TestSupport",
            ],
            fixtures: true),
        tests(of: "Files", ["KernelInterface", "Requirements", "TestSupport"]),
        tests(
            of: "Settings",
            ["Files", "KernelInterface", "NeuralNetwork", "Optimizers", "TestSupport"]),
        tests(of: "Reduction", ["KernelInterface", "Kernels", "Randomness", "TestSupport"]),
        tests(of: "RunEvents", ["Files", "Reduction"]),
        tests(
            of: "ModelFiles",
            [
                "Files", "Hashing", "KernelInterface", "Kernels", "NeuralNetwork", "Optimizers",
                "Reduction", "Settings", "TestSupport",
            ], fixtures: true),
        tests(
            of: "RunFolder",
            [
                "Files", "KernelInterface", "ModelFiles", "Reduction", "RunEvents", "Settings",
                "TestSupport",
            ]),
        tests(
            of: "Training",
            [
                "AllocationCounter", "Datasets", "Files", "KernelInterface", "Kernels",
                "ModelFiles", "NeuralNetwork", "Reduction", "RunEvents", "Settings", "TestSupport",
            ], optimized: true),
        tests(
            of: "Benchmarks",
            [
                "Bounds", "DataParallel", "Datasets", "Files", "KernelInterface", "Kernels",
                "ModelFiles", "NeuralNetwork", "Reduction", "RunEvents", "RunFolder", "Settings",
                "Training", "ZeroMQ",
            ]),
        tests(
            of: "Fuzzing",
            [
                "Bounds", "Files", "ModelFiles", "NeuralNetwork", "Protocol", "Randomness",
                "Reduction", "RunEvents", "RunFolder", "Settings", "Training",
            ],
            fixtures: true, optimized: true),
        tests(of: "Hashing"),
        tests(of: "FileFormats"),
        tests(of: "Images", ["FileFormats", "Randomness"], fixtures: true),
        tests(
            of: "Datasets",
            [
                "CZlib", "FileFormats", "Hashing", "KernelInterface", "Requirements", "TestSupport",
            ]),
        tests(of: "Protocol", ["Bounds", "Hashing", "TestSupport"]),
        tests(of: "ZeroMQ", ["TestSupport"]),
        tests(of: "Keys", ["Bounds", "Files", "Hashing", "Requirements", "ZeroMQ"]),
        tests(
            of: "DataParallel",
            [
                "AllocationCounter", "Bounds", "Datasets", "Files", "KernelInterface", "Kernels",
                "Keys", "ModelFiles", "NeuralNetwork", "Protocol", "Randomness", "Reduction",
                "RunEvents", "RunFolder", "Settings", "Simulation", "TestSupport", "Training",
                "ZeroMQ",
            ], optimized: true),
        tests(
            of: "TernKit",
            [
                "Bounds", "Datasets", "Files", "KernelInterface", "Kernels", "ModelFiles",
                "NeuralNetwork", "Optimizers", "Reduction", "RunEvents", "Settings", "Training",
            ]),
        tests(of: "Simulation", ["Randomness", "TestSupport"], fixtures: true, optimized: true),
        tests(
            of: "Monitoring",
            [
                "Bounds", "Files", "KernelInterface", "Kernels", "ModelFiles", "NeuralNetwork",
                "Reduction", "RunEvents", "RunFolder", "Settings", "TestSupport", "Training",
                "ZeroMQ", logging,
            ]),
        tests(
            of: "Watching",
            [
                "Bounds", "Files", "ModelFiles", "Monitoring", "Reduction", "Requirements",
                "RunEvents", "RunFolder", "Settings", "TestSupport", "Training", "ZeroMQ", logging,
            ]),
        tests(
            of: "Dashboard",
            [
                "Bounds", "Files", "ModelFiles", "Monitoring", "Reduction", "RunEvents",
                "RunFolder", "Settings", "TestSupport", "Training", "Watching",
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        tests(
            of: "Launching",
            [
                "Bounds", "Files", "Keys", "ModelFiles", "Monitoring", "Reduction", "Requirements",
                "RunEvents", "RunFolder", "Settings", "TestSupport", "Training", "ZeroMQ", logging,
            ]),
        tests(
            of: "Verification",
            [
                "Bounds", "Datasets", "Files", "Hashing", "KernelInterface", "Kernels",
                "ModelFiles", "Monitoring", "NeuralNetwork", "Optimizers", "Reduction",
                "Requirements", "RunEvents", "RunFolder", "Settings", "TernKit", "TestSupport",
                "Training", "ZeroMQ", logging,
            ]),
        .testTarget(
            name: "ProcessTests",
            dependencies: [
                "Bounds", "Files", "Hashing", "KernelInterface", "Kernels", "Keys", "ModelFiles",
                "Protocol", "Reduction", "Requirements", "RunEvents", "RunFolder", "Settings",
                "tern", "tern-chaos", "tern-simulate", "TestSupport", "TrainAndPredict", "Training",
                "ZeroMQ",
            ],
            resources: [.copy("Fixtures")], swiftSettings: unoptimized),
        // ProcessTests owns its folder Support.
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Bounds", "Files", "Hashing", "Keys", "Launching", "ModelFiles", "Protocol",
                "Reduction", "Requirements", "RunEvents", "RunFolder", "Settings", "tern",
                "TestSupport", "Training", "ZeroMQ",
            ],
            resources: [.copy("Fixtures")], swiftSettings: unoptimized),
    ],
    swiftLanguageModes: [.v6]
)

// Only some test targets and their dependencies: see Scripts/test --only.
if let names = Context.environment["TERN_TESTS_OF"]?.split(separator: ",") {
    let kept = names.map { "\($0)Tests" }
    package.targets.removeAll { $0.type == .test && !kept.contains($0.name) }
}
