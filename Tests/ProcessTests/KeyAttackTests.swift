import Foundation
import Keys
import Testing

@Suite("The holder of a credential can only join once", .bench)
struct KeyAttackTests {
    /// A run with its own worker, and an attacker with a stolen credential.
    private struct Scene {
        let data: SampleData
        let ring = Keyring()
        let run = RunFolder()
        let cluster: Cluster
        let worker: TernProcess
        let stolen: WorkerCredential

        static let recipe = Recipe.long.with("--hidden", "16", "--epochs", "30")

        init() async throws {
            data = try SampleData.large()
            try await ring.make()
            let honest = try await ring.worker("honest")
            stolen = try WorkerCredential(path: try await ring.worker("stolen"))
            cluster = try await Cluster(Self.recipe.with("--key", ring.path), data, into: run)
            worker = try cluster.worker("--key", honest)
            try await cluster.coordinator.line("Step [20/600]")
        }

        /// Waits for the end, and expects the weights of an undisturbed run.
        func end() async throws -> String {
            let ending = try await cluster.coordinator.end()
            let calm = try await Self.recipe.train(data, into: RunFolder("calm"))
            #expect(try run.completed(ending).weights == calm.weights)
            #expect(try await worker.end().status == 0)
            return ending.output
        }
    }

    @Test("and is one member however often it connects, not 64 that audit each other")
    func members() async throws {
        let scene = try await Scene()
        try await Attacker.with(scene.cluster.endpoint, having: scene.stolen.encryption) {
            attacker in
            try await attacker.join()
            try await attacker.multiply(by: 12)
            async let told = scene.cluster.coordinator.line(
                "a hello of a second worker with the credential stolen")
            // Its connections take a while to be established.
            for _ in 0..<100 {
                await attacker.offer(.hello(attacker.hello()))
                try await Task.sleep(for: .milliseconds(10))
            }
            _ = try await told
        }
        let output = try await scene.end()
        #expect(!output.contains("3 here"))
    }

    @Test("and makes a limited number of connections, so others still join at once")
    func connections() async throws {
        let scene = try await Scene()
        try await Attacker.with(scene.cluster.endpoint, having: scene.stolen.encryption) {
            attacker in
            try await attacker.multiply(by: 100)
            try await scene.cluster.coordinator.line("its credential makes too many connections")
            let late = try scene.cluster.worker("--key", try await scene.ring.worker("late"))
            try await scene.cluster.coordinator.line("worker late/")
            late.kill()
        }
        _ = try await scene.end()
    }

    @Test("and after the credential's removal none of its messages are read")
    func removed() async throws {
        let scene = try await Scene()
        try await Attacker.with(scene.cluster.endpoint, having: scene.stolen.encryption) {
            attacker in
            try await attacker.join()
            try await scene.ring.remove("stolen")
            try await scene.cluster.coordinator.line(" left: its credential was removed")
            try await scene.cluster.coordinator.line(
                "a connection was refused: its key is unknown or was removed")
            for _ in 0..<1000 { await attacker.offer(.hello(attacker.hello())) }
        }
        let output = try await scene.end()
        let joins = output.split(separator: "\n").count {
            $0.contains("worker stolen/") && $0.contains(" joined ")
        }
        #expect(joins == 1)
    }
}
