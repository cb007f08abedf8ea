import FoundationEssentials
import Requirements
import Testing

@Suite("The documentation", .bench)
struct DocumentationTests {
    private static let programs = ["tern", "Scripts/", "cluster/", "swift", "ssh", "export", "$ "]

    @Test("is a short README, and the pages that it links to")
    func extent() throws {
        let readme = try MarkdownPage("README.md")
        let lines = readme.prose.count + readme.blocks.reduce(0) { $0 + $1.lines.count + 2 }
        #expect(lines <= 201, "200, and what follows the last line end")
        let linked = Set(readme.links.map(\.target))
        for page in MarkdownPage.all where !["README.md", "docs/README.md"].contains(page.path) {
            #expect(linked.contains(page.path), "\(page.path)")
        }
    }

    @Test(
        "has each command in a block that a test runs, or says why not",
        arguments: MarkdownPage.all)
    func blocks(page: MarkdownPage) {
        for block in page.blocks {
            let place = "\(page.path):\(block.line)"
            #expect(["sh", "text", "swift"].contains(block.language), "\(place)")
            if let reason = block.notRun {
                #expect(block.language == "sh", "\(place): a reason, but no commands")
                #expect(reason.split(separator: " ").count >= 3, "\(place): no reason")
            }
            guard block.language != "sh" else { continue }
            for line in block.lines {
                #expect(!Self.programs.contains { line.hasPrefix($0) }, "\(place): \(line)")
            }
        }
        for (line, text) in page.prose where text.hasPrefix("    ") {
            let command = text.drop { $0 == " " }
            #expect(!Self.programs.contains { command.hasPrefix($0) }, "\(page.path):\(line)")
        }
    }

    @Test(
        "has commands that run in order in an empty folder and print what is shown",
        .needs(PageSession.releaseBuild),
        arguments: MarkdownPage.all)
    func commands(page: MarkdownPage) async throws {
        guard !page.path.hasPrefix("cluster/") || SecureShell.server.isMet() else {
            return passOver(without: SecureShell.server)
        }
        let session = try await PageSession(page)
        let ending = try await session.run()
        #expect(ending.status == 0, "\(page.path): \(ending.output)")
        var printed = Set<String>()
        var commands: MarkdownPage.Block?
        let output = session.output(of: ending)
        for block in page.blocks {
            if block.language == "sh" {
                commands = block.notRun == nil ? block : nil
                printed.formUnion(output[block.line] ?? [])
            } else if block.language == "text", let commands {
                for line in block.lines where line != "..." {
                    #expect(
                        printed.contains(PageSession.form(line)),
                        "\(page.path):\(commands.line) does not print: \(line)")
                }
            }
        }
    }

    @Test("links to pages, files and headings that exist", arguments: MarkdownPage.all)
    func links(page: MarkdownPage) throws {
        for (line, target) in page.links where !target.hasPrefix("https://") {
            let parts = target.split(separator: "#", omittingEmptySubsequences: false)
            let file = parts[0]
            let folder = page.path.split(separator: "/").dropLast().map { "\($0)/" }.joined()
            let path = file.isEmpty ? page.path : try resolve(folder + file)
            let place: Comment = "\(page.path):\(line): \(target)"
            try #require(FileManager.default.fileExists(atPath: packagePath(path)), place)
            if parts.count > 1 {
                #expect(try MarkdownPage(path).anchors.contains(String(parts[1])), place)
            }
        }
    }

    @Test("has tables whose rows are as long as their headings", arguments: MarkdownPage.all)
    func tables(page: MarkdownPage) {
        for table in page.tables {
            #expect(table.count > 2, "\(page.path):\(table[0].line)")
            for row in table { #expect(row.cells == table[0].cells, "\(page.path):\(row.line)") }
        }
    }

    @Test("names options that exist", arguments: MarkdownPage.all)
    func options(page: MarkdownPage) async throws {
        var known = ""
        for command in HelpTests.commands {
            known += try await tern(command + ["--help-hidden"]).output
        }
        for script in ["chaos", "compare-pytorch", "fuzz", "simulate", "test"] {
            known += String(decoding: try readFile(packagePath("Scripts/\(script)")), as: UTF8.self)
        }
        // Slurm's own options in the documentation also appear in the script or in a test of it.
        for path in ["cluster/slurm/tern.sbatch", "Tests/ClusterTests/SlurmTests.swift"] {
            known += String(decoding: try readFile(packagePath(path)), as: UTF8.self)
        }
        let commands = page.blocks.filter { $0.language == "sh" }.flatMap(\.lines)
        let others = ["torchrun", "tensorboard --logdir", "kubectl ", "tar -C", "systemctl"]
        for line in commands + page.prose.map(\.text) where !others.contains(where: line.contains) {
            for option in line.matches(of: /(?:^|[\s`])(--[a-z][-a-z]*)/) {
                #expect(known.contains(option.1), "\(page.path): \(line)")
            }
        }
    }

    /// A path in the package without `..`.
    private func resolve(_ path: String) throws -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { try #require(parts.popLast() != nil) } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
