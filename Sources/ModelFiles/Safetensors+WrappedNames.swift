extension Safetensors {
    /// Parts that PyTorch's wrappers add to a module's names: DistributedDataParallel and DataParallel,
    /// torch.compile, FSDP, and activation checkpointing.
    private static let wrappers: Set<Substring> = [
        "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
    ]

    /// Removes from the tensors' names the wrappers' parts and a common prefix, such as the `model.` of
    /// a module that contains the network.
    ///
    /// - Returns: the removed parts, and the names in the file by the shortened names.
    /// - Throws: ``SafetensorsError`` if two shortened names are equal.
    mutating func unwrapNames(
        path: String
    ) throws(SafetensorsError) -> (wrappers: [String], inFile: [String: String]) {
        let original = tensors.map(\.name)
        var removed: [String] = []
        rename { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let wrappers = parts.filter(Self.wrappers.contains).map { "\($0)." }
            removed += wrappers.filter { !removed.contains($0) }
            return parts.filter { !Self.wrappers.contains($0) }.joined(separator: ".")
        }
        if let prefix = commonPrefix {
            removed.append(prefix)
            rename { String($0.dropFirst(prefix.count)) }
        }
        var inFile: [String: String] = [:]
        for (name, former) in zip(tensors.map(\.name), original) {
            if let other = inFile.updateValue(former, forKey: name) {
                throw SafetensorsError(
                    path, unfit: "its tensors \(other) and \(former) are both \(name)",
                    remedy: "save the state_dict of the one module that is meant")
            }
        }
        return (removed, inFile)
    }

    /// The prefix that all tensors share if the network is part of another module.
    private var commonPrefix: String? {
        let first = "rnn.weight_hh_l0"
        guard let name = tensors.map(\.name).first(where: { $0.hasSuffix(".\(first)") }) else {
            return nil
        }
        let prefix = String(name.dropLast(first.count))
        return tensors.allSatisfy { $0.name.hasPrefix(prefix) } ? prefix : nil
    }
}
