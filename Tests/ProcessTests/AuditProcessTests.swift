import Foundation
import Testing

@Suite("A worker that computes wrongly", .bench)
struct AuditProcessTests {
    @Test("is named and rejected within 1,000 steps, and the weights are those of honest workers")
    func spoiltAnswers() async throws {
        let data = try SampleData.large()
        let run = RunFolder()
        // The worker falsifies ten sums in 1,000 steps; in one of 1,024 runs no audit hits any of them.
        let recipe = Recipe.long.with("--audit", "0.5", "--checkpoint-every", "50")
        let cluster = try await Cluster(recipe, data, into: run, isOpen: true)
        let wrong = try cluster.worker("--spoil-every", "100")
        let right = try cluster.worker()
        let refused = try await wrong.end()
        #expect(refused.status == 76)
        #expect(refused.errors.contains("it sent wrong gradients in step"))
        // A new process takes the banned worker's secret file, because the honest worker locks its own.
        let again = try await cluster.worker().end()
        #expect(again.status == 76)
        #expect(again.errors.contains("it sent wrong gradients in step"))
        let secrets = try FileManager.default.contentsOfDirectory(
            atPath: bench.path("config/tern/workers"))
        #expect(secrets.count == 2)
        let ending = try await cluster.coordinator.end()
        let summary = try run.completed(ending)
        #expect(try await right.end().status == 0)
        let calm = try await Recipe.long.with("--workers", "2").train(data, into: RunFolder("calm"))
        let files = try FileManager.default.contentsOfDirectory(
            atPath: bench.path("config/tern/workers"))
        #expect(files.sorted() == secrets.sorted(), "local workers keep nothing")
        #expect(summary.weights == calm.weights)
        let accusations = ending.output.split(separator: "\n")
            .filter { $0.contains("the coordinator computes different bits") }
        #expect(accusations.count == 2)
        for line in accusations {
            #expect(line.contains(":\(wrong.pid) computed shard"))
            let words = line.split(separator: " ")
            let step = words.firstIndex(of: "step").flatMap { Int(words[$0 + 1]) }
            #expect(try #require(step) <= 1000)
        }
        #expect(ending.output.contains("going back to that step"))
        // The record has each repeated step once.
        #expect(try await start(["verify", run.path]).end().status == 0)
    }

    @Test("is detected even if its gradients have the checksum of the right ones")
    func forgedSums() async throws {
        let data = try SampleData.large()
        let recipe = Recipe.long.with("--epochs", "1", "--audit", "1")
        let run = RunFolder()
        let cluster = try await Cluster(recipe, data, into: run, isOpen: true)
        try await Forger.with(cluster.endpoint) { forger, endpoint in
            let wrong = try start(
                ["worker", "--connect", endpoint, "--key", "none"])
            let right = try cluster.worker()
            let refused = try await wrong.end()
            #expect(refused.status == 76)
            #expect(refused.errors.contains("it sent wrong gradients in step"))
            #expect(await forger.forgeries >= 2)
            let ending = try await cluster.coordinator.end()
            let accusations = ending.output.split(separator: "\n")
                .filter { $0.contains("the coordinator computes different bits") }
            #expect(accusations.count == 2)
            #expect(accusations.allSatisfy { $0.contains(":\(wrong.pid) computed shard") })
            let calm = try await recipe.with("--audit", "0").train(data, into: RunFolder("calm"))
            #expect(try run.completed(ending).weights == calm.weights)
            #expect(try await right.end().status == 0)
        }
    }
}
