import Glibc
import Requirements
import Testing

@Suite(
    "cluster/bundle", .bench,
    .needs(
        OwnHosts.namespaces, Requirement("Debian's packages") { canRun(["dpkg", "-L", "libc6"]) }))
struct BundleTests {
    @Test("makes a folder that trains on a system with only the C library")
    func bareMachine() async throws {
        let root = try await makeBareRoot()
        let bundling = try await bench.start(
            [packagePath("cluster/bundle"), ternPath, "\(root)/home/tern"]
        ).end()
        #expect(bundling.status == 0, "\(bundling)")
        #expect(bundling.output == "\(root)/home/tern\n")
        #expect(bundling.errors.contains("worker machines need Linux on "))
        #expect(bundling.errors.contains("with glibc 2."))

        let run = RunFolder()
        let cluster = try await Cluster(.small, try SampleData(), into: run)
        let key = try readFile(bench.keys.worker)
        _ = try writeFile("root/key", key)
        #expect(chmod("\(root)/key", 0o600) == 0)
        let worker = try bench.start(
            inBareRoot(root, ["/home/tern/tern", "worker", "--connect", cluster.endpoint])
                + ["--key", "/key"])
        _ = try run.completed(try await cluster.coordinator.end())
        #expect(try await worker.end().status == 0)
    }

    @Test("names a missing program")
    func noProgram() async throws {
        let path = bench.path("none")
        let ending = try await bench.start(
            [packagePath("cluster/bundle"), path, bench.path("bundle")]
        ).end()
        #expect(ending.status == 1)
        #expect(ending.errorLines == ["tern: there is no program \(path)"])
    }
}
