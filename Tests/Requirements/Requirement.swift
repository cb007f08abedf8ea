import FoundationEssentials
import Glibc
import Testing

/// Something that a test needs and that a machine may lack.
///
/// Without it, a test is skipped; with `TERN_REQUIRE_ALL=1`, the test fails.
public struct Requirement: Sendable {
    /// The thing to install, or the user to be, for the test to run.
    let name: String
    /// Whether this machine has it.
    public let isMet: @Sendable () -> Bool

    /// A requirement that is met if `isMet` returns true.
    public init(_ name: String, isMet: @escaping @Sendable () -> Bool) {
        self.name = name
        self.isMet = isMet
    }

    /// A program on the `PATH`.
    public static func program(_ name: String) -> Self {
        Self("the program \(name)") { isInstalled(name) }
    }

    /// The rights of the superuser.
    public static let root = Self("root") { geteuid() == 0 }

    /// Requirements that Debian and PyPI cannot meet, with the reasons.
    private static let exemptions: Set = [
        // Debian's kubectl, 1.20, cannot use a folder as a base.
        "kubectl with kustomize"
    ]

    private static let requiresAll = ProcessInfo.processInfo.environment["TERN_REQUIRE_ALL"] == "1"

    /// Whether a test without it fails instead of being skipped.
    fileprivate var isDemanded: Bool { Self.requiresAll && !Self.exemptions.contains(name) }
}

/// A requirement is not met although `TERN_REQUIRE_ALL=1` demands it.
private struct Missing: Error, CustomStringConvertible {
    let requirement: Requirement

    var description: String {
        "\(requirement.name) is missing, and TERN_REQUIRE_ALL=1 lets no test be skipped"
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test if one of these is not met; with `TERN_REQUIRE_ALL=1`, the test fails.
    public static func needs(
        _ requirements: Requirement..., sourceLocation: SourceLocation = #_sourceLocation
    ) -> Self {
        let names = requirements.map(\.name).joined(separator: ", ")
        return .enabled("needs \(names)", sourceLocation: sourceLocation) {
            guard let missing = requirements.first(where: { !$0.isMet() }) else { return true }
            guard missing.isDemanded else { return false }
            throw Missing(requirement: missing)
        }
    }
}

/// Records that a part of a test is skipped because something is missing; with `TERN_REQUIRE_ALL=1` the test fails.
public func passOver(
    without requirement: Requirement, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard requirement.isDemanded else { return }
    Issue.record(Missing(requirement: requirement), sourceLocation: sourceLocation)
}

/// Whether a program is on the `PATH`.
public func isInstalled(_ program: String) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
}
