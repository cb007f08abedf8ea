import Kernels
import Testing

@Suite("Choice of the kernels")
struct SelectionTests {
    @Test("without a name the fastest set is chosen", arguments: [nil, ""])
    func fastest(name: String?) throws {
        let expected = try #require(Kernels.supported.first)
        #expect(try Kernels.select(name) == expected)
    }

    @Test("every supported set is chosen by its name")
    func byName() throws {
        for kernels in Kernels.supported {
            #expect(try Kernels.select(kernels.name) == kernels)
        }
        #expect(Set(Kernels.supported.map { $0.name }).count == Kernels.supported.count)
    }

    @Test(
        "a set that is not here is refused with the names of those that are",
        arguments: ["sse9", "AVX2", " "])
    func unavailable(name: String) {
        let names = Kernels.supported.map { $0.name }
        let error = KernelSelectionError.unavailable(name, supported: names)
        #expect(throws: error) { try Kernels.select(name) }
        #expect(error.description.contains("TERN_KERNELS=\(name)"))
        #expect(names.allSatisfy { error.description.contains($0) })
    }

    @Test(
        "each error is one line",
        arguments: [
            KernelSelectionError.unsupportedProcessor(lacking: ["BMI2", "F16C"]),
            .unavailable("sse9", supported: ["avx512", "avx2"]),
        ])
    func oneLine(error: KernelSelectionError) {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
}
