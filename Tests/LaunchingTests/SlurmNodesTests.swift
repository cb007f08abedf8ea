import Foundation
import Launching
import Requirements
import TestSupport
import Testing

@Suite("Slurm's node names")
struct SlurmNodesTests {
    @Test(
        "are expanded in order, with leading zeros",
        arguments: [
            ("n1", ["n1"]),
            (
                "node[01-03,7],gpu-[1-2]x",
                ["node01", "node02", "node03", "node7", "gpu-1x", "gpu-2x"]
            ),
            ("n[8-11]", ["n8", "n9", "n10", "n11"]), ("n[08-11]", ["n08", "n09", "n10", "n11"]),
            ("n[098-101]", ["n098", "n099", "n100", "n101"]), ("n[3]", ["n3"]),
            ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
            (
                "r[1,3]-n[09-10].site,login",
                [
                    "r1-n09.site", "r1-n10.site", "r3-n09.site", "r3-n10.site", "login",
                ]
            ),
            ("[1-2]", ["1", "2"]), ("a[2,1]", ["a2", "a1"]),
        ])
    func expansion(text: String, names: [String]) {
        #expect(SlurmNodes(text)?.names == names)
    }

    @Test(
        "are rejected in any form that Slurm does not write",
        arguments: [
            "", ",", "n1,", "n[", "n[]", "n]", "n[1", "n[1-]", "n[-1]", "n[2-1]", "n[a-b]",
            "n[1-2-3]",
            "n[[1-2]]", "n[1,[2]]", "n[+1]", "n[0-65536]", "n[1-400]r[1-400]", "n 1", "n;1",
            "n[1-99999999999999999999]", "ñ1",
        ])
    func refusal(text: String) {
        #expect(SlurmNodes(text) == nil)
    }

    private static let scontrol = "/usr/bin/scontrol"

    @Test(
        "match the output of scontrol show hostnames",
        .needs(
            Requirement("the package slurm-client") {
                FileManager.default.isExecutableFile(atPath: scontrol)
            }))
    func sameAsSlurm() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tern-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = folder.appending(path: "slurm.conf")
        try Data("ClusterName=test\nSlurmctldHost=head\n".utf8).write(to: settings)
        var random = SplitMix64(state: 17)
        let lists = (0..<60).map { _ in Self.list(&random) }
        let script = "for list; do \(Self.scontrol) show hostnames \"$list\" || exit; echo; done"
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script, "sh"] + lists
        process.environment = ["SLURM_CONF": settings.path(percentEncoded: false)]
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let expansions = text.components(separatedBy: "\n\n").dropLast()
        #expect(expansions.count == lists.count)
        for (list, expansion) in zip(lists, expansions) {
            #expect(SlurmNodes(list)?.names == expansion.components(separatedBy: "\n"), "\(list)")
        }
    }

    /// Up to three words with up to two brackets each; Slurm reads these in a single order.
    private static func list(_ random: inout SplitMix64) -> String {
        let words = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            let parts = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                let prefix = ["n", "gpu-", "rack_a", "x.y"].randomElement(using: &random) ?? "n"
                return prefix + brackets(&random)
            }
            return parts.isEmpty ? "login\(Int.random(in: 0...99, using: &random))" : parts.joined()
        }
        return words.joined(separator: ",")
    }

    private static func brackets(_ random: inout SplitMix64) -> String {
        let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            let first = Int.random(in: 0...120, using: &random)
            let digits = Int.random(in: 1...4, using: &random)
            let start =
                String(repeating: "0", count: max(0, digits - "\(first)".count)) + "\(first)"
            return Bool.random(using: &random)
                ? start : "\(start)-\(first + Int.random(in: 0...12, using: &random))"
        }
        return "[\(parts.joined(separator: ","))]"
    }
}
