import FoundationEssentials
import Requirements

/// The commands of a page, run in order by one shell in an empty folder.
///
/// If commands begin with `Scripts/` or `cluster/`, the folder also has these folders and a `swift` that
/// builds nothing. The data set is small, with MNIST's file names.
struct PageSession {
    /// Needs a release build of the programs; others take minutes.
    static let releaseBuild = Requirement("a release build") { buildFolder.hasSuffix("/release") }

    private static let mark = "@block "

    private let page: MarkdownPage
    private let folder = bench.path("page")
    private let home = bench.path("home")
    private let programs = bench.path("bin")
    private let data: SampleData

    init(_ page: MarkdownPage) async throws {
        self.page = page
        // Enough images that the README's log has step lines.
        data = try SampleData(train: page.path == "README.md" ? 12_900 : 1_300, side: 28)
        for name in try FileManager.default.contentsOfDirectory(atPath: data.folder) {
            guard try await bench.start(["gzip", data.path(name)]).end().status == 0 else {
                throw TestFailure(description: "cannot pack \(name)")
            }
        }
        for path in [folder, home, bench.path("remote-home"), programs] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
        }
        let commands = page.blocks.filter { $0.language == "sh" }.flatMap(\.lines)
        if commands.contains(where: { $0.hasPrefix("Scripts/") || $0.hasPrefix("cluster/") }) {
            for name in ["Scripts", "cluster"] {
                try FileManager.default.copyItem(
                    atPath: packagePath(name), toPath: "\(folder)/\(name)")
            }
            try program("swift", Self.compiler)
        }
        if commands.contains(where: { $0.contains("ssh") || $0.contains("tern launch") }) {
            let shell = try await SecureShell(home: bench.path("remote-home"))
            try program("ssh", "exec /usr/bin/\(shell.command) \"$@\"")
        }
    }

    /// Runs all commands that can be run, and waits for those in the background.
    func run() async throws -> Ending {
        let port = try ListeningSocket().port
        var script = """
            exec 2>&1
            cd '\(folder)'
            export HOME='\(home)' PATH='\(programs)':'\(buildFolder)':"$PATH"
            unset TERN_KEY TERN_COORDINATOR_KEY XDG_CONFIG_HOME
            set -e

            """
        for block in page.blocks where block.language == "sh" && block.notRun == nil {
            let commands = block.lines.joined(separator: "\n")
                .replacing(":5555", with: ":\(port)")
                .replacing("//coordinator:", with: "//127.0.0.1:")
            script += "echo '\(Self.mark)\(block.line)'\n\(commands)\n"
        }
        script += "for job in $(jobs -p); do wait \"$job\"; done\n"
        let path = try writeFile("page.sh", Array(script.utf8))
        return try await bench.start(
            ["bash", path], environment: ["TERN_MNIST_DIR": data.folder]
        ).end()
    }

    /// The forms of the lines that each block printed, by the line of the block's fence.
    func output(of ending: Ending) -> [Int: Set<String>] {
        var lines: [Int: Set<String>] = [:]
        var block = 0
        for line in ending.output.split(separator: "\n") {
            if line.hasPrefix(Self.mark) {
                block = Int(line.dropFirst(Self.mark.count)) ?? 0
            } else {
                let line = line.replacing(data.folder, with: "data/mnist")
                lines[block, default: []].insert(Self.form(line.replacing("custom", with: "mnist")))
            }
        }
        return lines
    }

    /// The words of a line, which are the same on every machine and for all data.
    static func form(_ line: some StringProtocol) -> String {
        String(line)
            .replacing(/worker [^ ]+/, with: "worker *")
            .replacing(/avx2|avx512|neon/, with: "*")
            .replacing(/[0-9a-f]{16,64}/, with: "0")
            .replacing(/[0-9][0-9,.]*/, with: "0")
            .replacing(/0( 0)+/, with: "0")
            .replacing(/(checkpoint|epoch|lane|step|worker)s/) { "\($0.1)" }
            .replacing(/\ +/, with: " ")
    }

    private func program(_ name: String, _ text: String) throws {
        try writeProgram("#!/bin/sh\n\(text)\n", to: "\(programs)/\(name)")
    }

    /// A `swift build` that treats everything as built.
    private static let compiler = """
        while [ $# -gt 0 ]; do
            case $1 in
            --package-path) scratch=${scratch:-$2/.build} && shift ;;
            --scratch-path) scratch=$2 && shift ;;
            esac
            shift
        done
        mkdir -p "$scratch/release"
        for name in tern tern-simulate; do
            ln -sf "\(buildFolder)/$name" "$scratch/release/$name"
        done
        """
}
