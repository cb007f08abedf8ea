import FoundationEssentials
import Requirements

/// Programs in Python that some tests need.
enum Python {
    /// A Python that has PyTorch.
    static let withTorch = named("TERN_TORCH_PYTHON", or: "torch")
    /// A Python that has TensorBoard.
    static let withTensorBoard = named("TERN_TENSORBOARD_PYTHON", or: "tensorboard")
    /// A Python that can read and validate Kubernetes manifests.
    static let withManifests = named("TERN_KUBERNETES_PYTHON", or: "kubernetes")
    /// Debian's own Python, with ZeroMQ, numpy and XXH3.
    static let withZeroMQ = "/usr/bin/python3"

    static let torch = requirement("PyTorch: set TERN_TORCH_PYTHON", withTorch)
    static let tensorBoard = requirement(
        "TensorBoard: set TERN_TENSORBOARD_PYTHON", withTensorBoard)
    static let manifests = requirement(
        "kubernetes-validate: set TERN_KUBERNETES_PYTHON", withManifests)
    static let zeroMQ = Requirement("the packages python3-zmq, python3-numpy and python3-xxhash") {
        canRun([withZeroMQ, "-c", "import numpy, xxhash, zmq"])
    }

    /// The Python that a variable names, or the one that `Scripts/test` sets up.
    private static func named(_ variable: String, or name: String) -> String? {
        ProcessInfo.processInfo.environment[variable]
            ?? [packagePath(".build/\(name)/bin/python")]
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func requirement(_ what: String, _ path: String?) -> Requirement {
        Requirement("a Python with \(what), or run Scripts/test") { path != nil }
    }

    /// The path of a script in `Scripts/fixtures`.
    static func script(_ name: String) -> String { packagePath("Scripts/fixtures/\(name)") }
}

/// The absolute path of a file or folder in the package.
func packagePath(_ name: String) -> String {
    URL(filePath: #filePath).appending(path: "../../../../\(name)").standardized
        .path(percentEncoded: false)
}
