import Foundation
import Requirements
import Testing

@Suite("The manifests in cluster/kubernetes", .bench)
struct ManifestTests {
    private struct Report: Decodable {
        let wrong: [String]
        let broken: Int
        let accepted: [String]
        let unlike: [String]
    }

    private static let folder = packagePath("cluster/kubernetes")

    /// The findings in the manifests of a folder.
    private func check(_ folder: String, _ options: String...) async throws -> Report {
        let script = [try #require(Python.withManifests), Python.script("check-manifests.py")]
        let ending = try await bench.start(
            script + [folder] + options,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"]
        ).end()
        try #require(ending.status == 0, "\(ending)")
        return try JSONDecoder().decode(Report.self, from: Data(ending.output.utf8))
    }

    @Test(
        "match the official schemas, and with a missing or misspelt field do not",
        .needs(Python.manifests))
    func schemas() async throws {
        let report = try await check(Self.folder, "--break")
        #expect(report.wrong == [])
        #expect(report.broken > 1000 && report.accepted == [])
        #expect(report.unlike == [], "the Pods of all variants are alike")
    }

    @Test(
        "are complete variants for kustomize, with a run's image and options",
        .needs(
            Requirement("kubectl with kustomize") { canRun(["kubectl", "kustomize", "--help"]) },
            Python.manifests),
        arguments: ["indexed", "elastic", "jobset", "trainjob"])
    func kustomize(variant: String) async throws {
        let copy = bench.path("kubernetes")
        try FileManager.default.copyItem(atPath: Self.folder, toPath: copy)
        for name in ["job.key", "monitor.token"] {
            try Data(name.utf8).write(to: URL(filePath: "\(copy)/setup/\(name)"))
        }
        let file = "\(copy)/kustomization.yaml"
        let text = String(decoding: try readFile(file), as: UTF8.self)
        try Data(text.replacing("- indexed", with: "- \(variant)").utf8)
            .write(to: URL(filePath: file))
        let built = bench.path("built")
        try FileManager.default.createDirectory(
            atPath: built, withIntermediateDirectories: false)
        for part in ["setup", "."] {
            let ending = try await bench.start(["kubectl", "kustomize", "\(copy)/\(part)"]).end()
            #expect(ending.status == 0 && ending.errors == "", "\(ending)")
            let name = part == "." ? "run" : part
            try Data(ending.output.utf8).write(to: URL(filePath: "\(built)/\(name).yaml"))
        }
        let run = String(decoding: try readFile("\(built)/run.yaml"), as: UTF8.self)
        let images = Set(run.split(separator: "\n").filter { $0.contains("image: ") })
        #expect(images.allSatisfy { $0.hasSuffix(" registry.example.org/tern:0.1.0") })
        #expect(!images.isEmpty)
        let hasPatch = ["indexed", "elastic"].contains(variant)
        #expect(run.contains("- --epochs=10") == hasPatch)
        #expect(try await check(built).wrong == [])
    }

    @Test("treat each exit status as documented")
    func statuses() async throws {
        let help = try await tern(["--help"]).output
        let known = help.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\ \ (\d+) +(.+)/).map { [String($0.1), String($0.2)] }
        }
        let page = String(decoding: try readFile("\(Self.folder)/README.md"), as: UTF8.self)
        let rows = page.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\| (\d{1,3}) \| (.+) \| (.+) \|/).map {
                [String($0.1), String($0.2), String($0.3)]
            }
        }
        #expect(rows.map { Array($0.prefix(2)) } == known)
        func statuses(_ treatment: String) -> String {
            let numbers = rows.filter { $0[2].hasPrefix(treatment) }.map { $0[0] }
            return "values: [\(numbers.joined(separator: ", "))]"
        }
        let (fatal, ignored) = (statuses("the Job fails"), statuses("another Pod, not counted"))
        let jobs = [
            "coordinator/coordinator", "indexed/workers", "jobset/jobset", "trainjob/runtime",
        ]
        for (job, count) in zip(jobs, [1, 1, 2, 2]) {
            let path = "\(Self.folder)/\(job).yaml"
            let lines = String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n")
                .map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("values: ") }
            #expect(lines.count == 2 * count, "\(job)")
            #expect(lines.filter { $0 == fatal }.count == count, "\(job): \(fatal)")
            #expect(lines.filter { $0 == ignored }.count == count, "\(job): \(ignored)")
        }
    }
}
