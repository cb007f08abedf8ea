import Foundation
import Testing

/// The memory limit of a coordinator under attack, in MiB: see Limits.swift.
let mostMemory = 500

/// The peak memory of a process, in MiB.
func peakMemory(of process: TernProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(line.split(separator: " ").dropLast().last ?? "")) / 1024
}

/// Expects that a run with one worker gives the same weights under attack as without.
///
/// - Parameters:
///   - line: the log line at which the attack begins.
///   - attack: performs the attack, and returns the objects to keep until the run ends.
func isUndisturbed<Strangers>(
    _ recipe: Recipe = .long, isOpen: Bool = true, under limits: String = ":",
    from line: String = "Epoch [1/4], Step [20/600]",
    by attack: (Cluster) async throws -> Strangers
) async throws {
    let data = try SampleData.large()
    async let calm = recipe.train(data, into: RunFolder("calm"))
    let run = RunFolder()
    let cluster = try await Cluster(recipe, data, into: run, isOpen: isOpen, under: limits)
    let worker = try cluster.worker()
    try await cluster.coordinator.line(line)
    let strangers = try await attack(cluster)
    let ending = try await cluster.coordinator.end()
    withExtendedLifetime(strangers) {}
    #expect(try run.completed(ending).weights == (try await calm.weights))
    #expect(try await worker.end().status == 0)
}

/// Expects that a run gives its usual weights although it is attacked before its worker joins.
///
/// So the attack ends before the run does, even on a fast machine.
func isUndisturbedLater(by attack: (Cluster) async throws -> Void) async throws {
    let data = try SampleData()
    let calm = try await Recipe.small.train(data, into: RunFolder("calm"))
    let run = RunFolder()
    let cluster = try await Cluster(.small, data, into: run, isOpen: true)
    try await attack(cluster)
    #expect(try peakMemory(of: cluster.coordinator) < mostMemory)
    let worker = try cluster.worker()
    let ending = try await cluster.coordinator.end()
    #expect(try run.completed(ending).weights == calm.weights)
    #expect(ending.output.split(separator: "\n").count < 1000)
    #expect(try await worker.end().status == 0)
}
