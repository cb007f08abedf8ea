import Foundation
import Testing

/// A Pod from a manifest in `cluster/kubernetes`.
struct Pod {
    /// The choice of a Pod, and the cluster's decisions about it.
    private struct Order: Encodable {
        let manifests = packagePath("cluster/kubernetes")
        let node, file, workload, name, hostname, address, root: String
        let namespace = "tern"
        let entrypoint: [String]
        let labels, annotations: [String: String]
        /// Additional arguments, by the containers' names.
        let options: [String: [String]]
    }

    /// A kubelet's plan for the Pod.
    private struct Plan: Decodable {
        struct Container: Decodable {
            let name, bundle: String
            let isSidecar: Bool
            let probe: String?
        }

        let containers: [Container]
        let grace: Int
    }

    let name: String
    let address: String
    private let node: ClusterNode
    private let network: TernProcess
    private let plan: Plan
    private var processes: [String: TernProcess] = [:]

    /// Starts a Pod of a manifest, and waits for its sidecars.
    init(
        _ file: String, _ workload: String, name: String, hostname: String? = nil,
        address: String, on node: ClusterNode, jobSet: String? = nil,
        options: [String: [String]] = [:]
    ) async throws {
        (self.name, self.address, self.node) = (name, address, node)
        network = try await node.makeNetwork(address: address)
        let key = "jobset.sigs.k8s.io"
        let order = Order(
            node: node.folder, file: file, workload: workload, name: name,
            hostname: hostname ?? name,
            address: address, root: node.image.root,
            entrypoint: node.image.configuration.config.entrypoint,
            labels: jobSet.map { ["\(key)/jobset-name": $0] } ?? [:],
            annotations: jobSet.map { ["\(key)/coordinator": "\($0)-coordinator-0-0.\($0)"] }
                ?? [:],
            options: options)
        let path = try writeFile("\(name).json", Array(JSONEncoder().encode(order)))
        let planning = try await bench.start(
            [try #require(Python.withManifests), Python.script("pod-bundles.py"), path]
        ).end()
        #expect(planning.status == 0, "\(planning)")
        plan = try JSONDecoder().decode(Plan.self, from: Data(planning.output.utf8))
        for container in plan.containers {
            processes[container.name] = try node.runtime(
                ["run", "--bundle", container.bundle, id(container)], network: network)
            if let probe = container.probe { try await answers(probe) }
        }
    }

    private func id(_ container: Plan.Container) -> String { "\(name)-\(container.name)" }

    /// Waits until an address of the Pod answers a probe.
    private func answers(_ probe: String) async throws {
        let limit = ContinuousClock.now + patience
        while try await node.run(["curl", "-sf", "http://\(address)\(probe)"]).status != 0 {
            guard .now < limit else { throw TestFailure(description: "no answer at \(probe)") }
        }
    }

    /// The kernel's status of a container's process, as in `/proc/PID/status`.
    func status(of container: String) async throws -> String {
        struct State: Decodable { let pid: Int }
        let state = try await node.runtime(["state", "\(name)-\(container)"]).end()
        let pid = try JSONDecoder().decode(State.self, from: Data(state.output.utf8)).pid
        return try await node.look(at: "/proc/\(pid)/status")
    }

    /// The process of a container.
    func container(_ name: String) throws -> TernProcess { try #require(processes[name]) }

    private func send(_ signal: String, to containers: [Plan.Container]) async throws {
        for container in containers where processes[container.name]?.hasEnded == false {
            _ = try await node.runtime(["kill", id(container), signal]).end()
        }
    }

    /// Kills the whole Pod at once.
    func kill() async throws {
        try await send("KILL", to: plan.containers)
        for process in processes.values { try await process.end() }
        network.kill()
    }

    /// Ends the Pod as a kubelet drains a node, and expects that all containers end by themselves.
    func drained() async throws {
        try await send("TERM", to: containers)
        for container in containers { #expect(try await end(of: container) == 128 + SIGTERM) }
        try await endSidecars()
    }

    /// Waits until the Pod and its workers have completed, and returns the coordinator's ending.
    func completed(with workers: [Pod]) async throws -> Ending {
        let ending = try await container("coordinator").end()
        for worker in workers {
            for container in worker.containers {
                let ending = try await worker.container(container.name).end()
                #expect(ending.status == 0, "\(ending)")
            }
            worker.network.kill()
        }
        try await endSidecars()
        return ending
    }

    private func endSidecars() async throws {
        let sidecars = plan.containers.filter(\.isSidecar)
        try await send("TERM", to: sidecars)
        for sidecar in sidecars { #expect(try await end(of: sidecar) == 128 + SIGTERM) }
        network.kill()
    }

    /// The exit status of a container, which must end before its grace period is over.
    private func end(of container: Plan.Container) async throws -> Int32 {
        let process = try self.container(container.name)
        try await eventually("the end of \(id(container))", within: .seconds(plan.grace)) {
            process.hasEnded ? () : nil
        }
        return try await process.end().status
    }

    private var containers: [Plan.Container] { plan.containers.filter { !$0.isSidecar } }
}
