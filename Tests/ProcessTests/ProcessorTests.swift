#if arch(x86_64)
    import Requirements
    import Testing

    /// Runs the built program on an emulated processor.
    @Suite(
        "A processor", .bench,
        .needs(.program("qemu-x86_64")))
    struct ProcessorTests {
        private func start(on processor: String, _ arguments: [String]) throws -> TernProcess {
            try bench.start(["qemu-x86_64", "-cpu", processor, ternPath] + arguments)
        }

        @Test(
            "without an instruction set that the kernels need is reported",
            arguments: [
                ("bmi2", "BMI2", "worker --connect ipc://socket"), ("f16c", "F16C", "bench step"),
                ("movbe", "MOVBE", "bench kernels"), ("abm", "LZCNT", "bench kernels"),
                ("fma", "FMA", "bench kernels"), ("popcnt", "POPCNT", "bench kernels"),
            ])
        func lacking(feature: String, name: String, command: String) async throws {
            let words = command.split(separator: " ").map(String.init)
            expectRefusal(
                try await start(on: "max,-\(feature)", words).end(), status: 69,
                ["this processor lacks instructions that Tern needs (\(name)): "])
        }

        @Test("with exactly these instruction sets computes the same weights")
        func common() async throws {
            let data = try SampleData()
            let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
            let run = RunFolder()
            let cluster = try await Cluster(
                .small, data, into: run, listen: "ipc://\(bench.path("socket"))")
            let worker = try start(on: "max", ["worker", "--connect", cluster.endpoint])
            let first = try await worker.line("worker ")
            #expect(first.contains(", avx2, "))
            let weights = try run.completed(try await cluster.coordinator.end()).weights
            #expect(weights == calm.weights)
            #expect(try await worker.end().status == 0)
        }
    }
#endif
