import FoundationEssentials

/// Programs in Python that some tests need, and are skipped without.
enum Python {
    /// Whether any `python3` is there.
    static let isHere = isInstalled("python3")

    /// A Python that has PyTorch, if the variable TERN_TORCH_PYTHON names one.
    static let withTorch = environment["TERN_TORCH_PYTHON"]

    /// A Python that has TensorBoard: the one that TERN_TENSORBOARD_PYTHON names, or else that of
    /// `Scripts/test`.
    static let withTensorBoard: String? =
        environment["TERN_TENSORBOARD_PYTHON"]
        ?? [packagePath(".build/tensorboard/bin/python")]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// A Python that has what reads and validates Kubernetes' manifests: the one that TERN_KUBERNETES_PYTHON names,
    /// or else that of `Scripts/test`.
    static let withManifests: String? =
        environment["TERN_KUBERNETES_PYTHON"]
        ?? [packagePath(".build/kubernetes/bin/python")]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// A script of `Scripts/fixtures`.
    static func script(_ name: String) -> String { packagePath("Scripts/fixtures/\(name)") }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}

/// The path of something in the package.
func packagePath(_ name: String) -> String {
    URL(filePath: #filePath).appending(path: "../../../../\(name)").standardized
        .path(percentEncoded: false)
}
