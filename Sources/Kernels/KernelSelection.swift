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
            if missing(for: X86_64_V4).isEmpty { sets.append(KernelsForAVX512.self) }
            if missing(for: X86_64_V3).isEmpty { sets.append(KernelsForAVX2.self) }
            return sets
        #else
            return [KernelsForNEON.self]
        #endif
    }

    #if arch(x86_64)
        /// The features that a kernel set was compiled for and that this machine lacks.
        ///
        /// The compiler may use any of them. A processor without one would end the process or, for
        /// LZCNT, compute something else.
        private static func missing(for level: x86_64_level) -> [String] {
            var names: [String] = []
            while let name = processor_lacks(level, Int32(names.count)) {
                names.append(String(cString: name))
            }
            return names
        }
    #endif

    /// The set called `name`, or the fastest one if there is no name.
    ///
    /// - Throws: ``KernelSelectionError`` if the processor lacks instructions of the slowest set, or
    ///   cannot run the set that was asked for.
    public static func select(_ name: String?) throws(KernelSelectionError) -> any KernelSet.Type {
        let supported = supported
        guard let fastest = supported.first else { throw unsupportedProcessor }
        guard let name, !name.isEmpty else { return fastest }
        guard let set = supported.first(where: { $0.name == name }) else {
            throw .unavailable(name, supported: supported.map { $0.name })
        }
        return set
    }

    private static var unsupportedProcessor: KernelSelectionError {
        #if arch(x86_64)
            .unsupportedProcessor(lacking: missing(for: X86_64_V3))
        #else
            .unsupportedProcessor(lacking: [])
        #endif
    }
}

/// Why no kernel set could be chosen.
public enum KernelSelectionError: Error, CustomStringConvertible, Equatable {
    /// The processor, or the virtual machine, lacks instructions that every kernel set uses.
    case unsupportedProcessor(lacking: [String])
    /// `TERN_KERNELS` names a set that does not exist or that this processor cannot run.
    case unavailable(String, supported: [String])

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .unsupportedProcessor(let missing):
            "this processor lacks instructions that Tern needs (\(missing.joined(separator: ", "))): "
                + "run Tern on an x86-64 processor with AVX2 and fused multiply-add, of 2013 or "
                + "later, or on arm64; a virtual machine may hide what its processor has"
        case .unavailable(let name, let supported):
            "\(Kernels.variable)=\(name) cannot be used here: this processor runs "
                + "\(supported.joined(separator: " and ")); set one of these or unset the variable"
        }
    }
}
