import KernelInterface

// A fused multiply-add takes about 4 cycles, and up to 4 can start per cycle, so 16 chains are
// enough. AVX2 has 16 registers, which must also hold the two operands, so it runs 12.

#if TERN_AVX2
    private typealias Chains = InlineArray<12, TileVector>
#else
    private typealias Chains = InlineArray<16, TileVector>
#endif

func runChains(rounds: Int) -> (operations: Int, value: Float) {
    // Each chain converges to 2 from its own start: the compiler could merge equal chains.
    let factor = TileVector(repeating: 0.5)
    let term = TileVector(repeating: 1)
    var chains = Chains(repeating: TileVector.zero)
    for chain in 0..<chains.count { chains[chain] = TileVector(repeating: Float(chain)) }
    for _ in 0..<rounds {
        for chain in 0..<chains.count {
            chains[chain] = term.addingProduct(chains[chain], factor)
        }
    }
    var total = TileVector.zero
    for chain in 0..<chains.count { total += chains[chain] }
    return (2 * rounds * chains.count * TileVector.scalarCount, total[0])
}
