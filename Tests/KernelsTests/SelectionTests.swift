import Kernels
import Testing

@Suite("The kernel selection")
struct SelectionTests {
    @Test("picks the fastest set without a name", arguments: [nil, ""])
    func fastest(name: String?) throws {
        let expected = try #require(Kernels.supported.first)
        #expect(try Kernels.select(name) == expected)
    }

    @Test("finds every supported set by its name")
    func byName() throws {
        for kernels in Kernels.supported {
            #expect(try Kernels.select(kernels.name) == kernels)
        }
        #expect(Set(Kernels.supported.map { $0.name }).count == Kernels.supported.count)
    }

    @Test(
        "rejects an unavailable set and lists the supported ones",
        arguments: ["sse9", "AVX2", " "])
    func unavailable(name: String) {
        let names = Kernels.supported.map { $0.name }
        let error = KernelSelectionError.unavailable(name, supported: names)
        #expect(throws: error) { try Kernels.select(name) }
        #expect(error.description.contains("TERN_KERNELS=\(name)"))
        #expect(names.allSatisfy { error.description.contains($0) })
    }

    @Test(
        "describes each error in one line",
        arguments: [
            KernelSelectionError.unsupportedProcessor(lacking: ["BMI2", "F16C"]),
            .unavailable("sse9", supported: ["avx512", "avx2"]),
        ])
    func oneLine(error: KernelSelectionError) {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
}
