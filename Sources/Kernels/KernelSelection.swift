@_exported import KernelInterface

#if arch(x86_64)
    import CProcessor
    import KernelsAVX2
    import KernelsAVX512
#else
    import KernelsNEON
#endif

/// The kernels that fit this processor.
public enum Kernels {
    /// The environment variable that forces a kernel set by name.
    public static let variable = "TERN_KERNELS"

    /// The kernel sets this processor can run, the fastest first.
    public static var supported: [any KernelSet.Type] {
        #if arch(x86_64)
            var sets: [any KernelSet.Type] = []
            if processor_has_avx512() != 0 { sets.append(KernelsForAVX512.self) }
            if processor_has_avx2() != 0 { sets.append(KernelsForAVX2.self) }
            return sets
        #else
            return [KernelsForNEON.self]
        #endif
    }

    /// The set that `name` asks for, or the fastest one where no name is given.
    ///
    /// - Throws: ``KernelSelectionError`` if the processor has no fused multiply-add, or cannot run
    ///   the set that was asked for.
    public static func select(_ name: String?) throws(KernelSelectionError) -> any KernelSet.Type {
        let supported = supported
        guard let fastest = supported.first else { throw .noFusedMultiplyAdd }
        guard let name, !name.isEmpty else { return fastest }
        guard let set = supported.first(where: { $0.name == name }) else {
            throw .unavailable(name, supported: supported.map { $0.name })
        }
        return set
    }
}

/// Why no kernel set could be chosen.
public enum KernelSelectionError: Error, CustomStringConvertible, Equatable {
    /// The processor lacks the instructions that exact products need.
    case noFusedMultiplyAdd
    /// `TERN_KERNELS` names a set that does not exist or that this processor cannot run.
    case unavailable(String, supported: [String])

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .noFusedMultiplyAdd:
            "this processor has no AVX2 with fused multiply-add, which Tern's products need: run "
                + "Tern on an x86-64 processor of 2013 or later, or on arm64"
        case .unavailable(let name, let supported):
            "\(Kernels.variable)=\(name) cannot be used here: this processor runs "
                + "\(supported.joined(separator: " and ")); set one of these or unset the variable"
        }
    }
}
