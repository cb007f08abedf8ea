import Foundation
import Requirements
import Testing

@Suite(
    "Pods of the manifests in cluster/kubernetes", .bench,
    .needs(
        .root, .program("buildah"), .program("patchelf"), .program("crun"), .program("dnsmasq"),
        .program("curl"), ClusterNode.namespaces, Python.manifests))
struct KubernetesTests {
    /// The Pods of a variant, by the file and name of their workloads.
    struct Variant {
        let name: String
        let coordinator, worker: (file: String, workload: String)
        /// The name of the JobSet that the Pods belong to.
        var jobSet: String?

        /// The name that workers resolve to find the coordinator.
        var address: String {
            jobSet.map { "\($0)-coordinator-0-0.\($0)" } ?? "tern-coordinator"
        }

        static let indexed = Variant(
            name: "indexed",
            coordinator: ("coordinator/coordinator.yaml", "tern-coordinator"),
            worker: ("indexed/workers.yaml", "tern-worker"))
        static let others = [
            Variant(
                name: "elastic", coordinator: indexed.coordinator,
                worker: ("elastic/workers.yaml", "tern-worker")),
            Variant(
                name: "jobset", coordinator: ("jobset/jobset.yaml", "coordinator"),
                worker: ("jobset/jobset.yaml", "worker"), jobSet: "tern"),
            Variant(
                name: "trainjob", coordinator: ("trainjob/runtime.yaml", "coordinator"),
                worker: ("trainjob/runtime.yaml", "node"), jobSet: "mnist"),
        ]

        func coordinator(
            _ name: String, at address: String, on node: ClusterNode, _ recipe: Recipe
        ) async throws -> Pod {
            let pod = try await Pod(
                coordinator.file, coordinator.workload, name: name, address: address, on: node,
                jobSet: jobSet, options: ["coordinator": recipe.words])
            try node.set(self.address, to: address)
            return pod
        }

        func worker(
            _ name: String, of host: String, at address: String, on node: ClusterNode
        ) async throws -> Pod {
            try await Pod(
                worker.file, worker.workload, name: name, hostname: host, address: address,
                on: node, jobSet: jobSet)
        }
    }

    /// A node whose volumes hold a data set and a key.
    private func node(
        _ name: String, of image: ContainerImage, with data: SampleData
    ) async throws -> ClusterNode {
        let node = try await ClusterNode(name, of: image)
        let secrets = "\(node.folder)/secrets/tern-key"
        let key = try await tern(["key", "job", "--output", "\(secrets)/job.key"])
        #expect(key.status == 0, "\(key)")
        try Data("token-of-sixteen-signs\n".utf8)
            .write(to: URL(filePath: "\(secrets)/monitor.token"))
        let copying = try await bench.start(
            ["cp", "-r", "\(data.folder)/.", "\(node.folder)/claims/tern-data"]
        ).end()
        #expect(copying.status == 0, "\(copying)")
        return node
    }

    @Test("train to the same bits after the coordinator dies and moves and a worker is drained")
    func faults() async throws {
        let data = try SampleData.large()
        let recipe = Recipe.long.with("--epochs", "6")
        let calm = try await recipe.train(data, into: RunFolder("calm"))
        let node = try await node("node", of: ContainerImage(), with: data)
        let variant = Variant.indexed
        func coordinator(_ letter: String, at address: String) async throws -> Pod {
            try await variant.coordinator(
                "tern-coordinator-\(letter)", at: address, on: node, recipe)
        }
        func worker(_ index: Int, _ letter: String, at address: String) async throws -> Pod {
            let host = "tern-worker-\(index)"
            return try await variant.worker(
                "\(host)-\(letter)", of: host, at: address, on: node)
        }
        let first = try await coordinator("a", at: "10.77.0.2")
        var workers = [
            try await worker(0, "a", at: "10.77.0.10"), try await worker(1, "a", at: "10.77.0.11"),
            try await worker(2, "a", at: "10.77.0.12"),
        ]
        try await first.container("coordinator").line("Epoch [1/6], Step [200/600]")
        try await isConfined(first)
        try await first.kill()
        try node.set(variant.address, to: nil)

        // The same name resolves to another address.
        let second = try await coordinator("b", at: "10.77.0.3")
        try await second.container("coordinator").line("resuming from /runs/mnist/checkpoints/")
        try await second.container("coordinator").line(", Step [")
        try await isShown(by: second, on: node)

        // First the coordinator's node is drained, and later a worker's.
        try await second.drained()
        let third = try await coordinator("c", at: "10.77.0.4")
        try await third.container("coordinator").line("tern-worker-2:1 joined")
        try await workers.removeLast().drained()
        try await third.container("coordinator").line(
            "tern-worker-2:1 left: it was stopped by a signal")
        workers.append(try await worker(2, "b", at: "10.77.0.13"))
        let ending = try await third.completed(with: workers)
        #expect(try node.runFolder.completed(ending).weights == calm.weights)
        try await leavesNothing(node)
    }

    /// Expects that a coordinator has only the rights in its manifest.
    private func isConfined(_ pod: Pod) async throws {
        let lines = try await pod.status(of: "coordinator").split(separator: "\n").map {
            $0.split(separator: "\t").joined(separator: " ")
        }
        for line in [
            "Uid: 65532 65532 65532 65532", "Groups: 65532 ", "CapBnd: 0000000000000000",
            "CapEff: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2",
        ] {
            #expect(lines.contains(line), "\(line) is not in \(lines)")
        }
    }

    /// Expects that the monitor shows the run to a client with the token, by the name of its Service.
    private func isShown(by pod: Pod, on node: ClusterNode) async throws {
        let url = "http://\(pod.address):8460/runs/mnist/status.json"
        let token = "Authorization: Bearer token-of-sixteen-signs"
        for host in ["tern-monitor:8460", "tern-monitor.tern.svc:8460"] {
            let answer = try await node.run(
                ["curl", "-sf", "--header", token, "--header", "Host: \(host)", url])
            #expect(answer.output.contains("\"state\":\"training\""), "\(answer)")
        }
        #expect(try await node.run(["curl", "-sf", url]).status == 22)
        #expect(!(try pod.container("monitor").output.contains("token-of-sixteen-signs")))
    }

    /// Expects that everything on a node vanishes with it.
    private func leavesNothing(_ node: ClusterNode) async throws {
        let held = try node.holdNamespaces()
        defer { for handle in held { close(handle) } }
        let namespaces = node.namespaces
        #expect(namespaces.count == 3)
        try await node.cut()
        try await eventually("processes are left in the namespaces of the node") {
            let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc")
            return numbers.compactMap { pid_t($0) }.allSatisfy { pid in
                ["net", "mnt", "pid"].allSatisfy { kind in
                    let link = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(pid)/ns/\(kind)")
                    return link.map { !namespaces.contains($0) } ?? true
                }
            }
        }
        let mounts = String(decoding: try readFile("/proc/self/mounts"), as: UTF8.self)
        #expect(!mounts.contains(bench.folder))
    }

    @Test("train in each other variant")
    func variants() async throws {
        let data = try SampleData()
        let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
        let image = try await ContainerImage()
        for variant in Variant.others {
            let node = try await node("\(variant.name)-node", of: image, with: data)
            let worker = try await variant.worker(
                "worker-0", of: "worker-0", at: "10.77.0.10", on: node)
            let coordinator = try await variant.coordinator(
                "coordinator-0", at: "10.77.0.2", on: node, .small)
            let ending = try await coordinator.completed(with: [worker])
            #expect(try node.runFolder.completed(ending).weights == calm.weights, "\(variant.name)")
            try await leavesNothing(node)
        }
    }
}
