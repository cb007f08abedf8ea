import Foundation
import Testing

@Suite("The help of every command", .bench)
struct HelpTests {
    static let commands = [
        [], ["train"], ["launch"], ["coordinator"], ["worker"], ["slurm"],
        ["key"], ["key", "worker"], ["key", "list"], ["key", "remove"], ["key", "rotate"],
        ["key", "trust"], ["key", "coordinator"], ["key", "job"], ["key", "signing"],
        ["monitor"], ["top"], ["runs"], ["report"],
        ["verify"], ["evaluate"], ["predict"],
        ["inspect"],
        ["export"], ["import"], ["dataset"], ["dataset", "info"],
        ["bench"], ["bench", "kernels"], ["bench", "step"], ["bench", "round"],
        ["bench", "decisions"], ["bench", "train"],
    ]

    @Test("is the text that Fixtures/make-help wrote", arguments: commands)
    func golden(command: [String]) async throws {
        let name = (["help"] + command).joined(separator: "-")
        let path = try #require(
            Bundle.module.path(forResource: name, ofType: "txt", inDirectory: "Fixtures"))
        let expected = String(decoding: try readFile(path), as: UTF8.self)
        for arguments in [command + ["--help"], command + ["-h"], ["help"] + command] {
            let ending = try await tern(arguments, environment: ["COLUMNS": "80"])
            #expect(ending.status == 0)
            #expect(ending.errors == "")
            #expect(ending.output == expected)
        }
    }

    static let training = [
        ("dataset", "mnist"), ("data", "none, which searches $TERN_MNIST_DIR"), ("cell", "rnn"),
        ("hidden", "128"), ("layers", "1"), ("nonlinearity", "tanh"),
        ("bidirectional/--no-bidirectional", nil),
        ("dropout <share>", "0"), ("readout", "last"), ("sequence", "rows"), ("epochs", "10"),
        ("batch-size <examples>", "128"), ("learning-rate <rate>", ""), ("optimizer", "adam"),
        ("clip-norm <norm>", ""), ("schedule", "cosine"), ("shards", "16"), ("seed", "0"),
        ("threads", "1"), ("run-dir <dir>", "runs/TIME-CELL"), ("checkpoint-every <steps>", "0"),
        ("resume <dir>", nil), ("config <file>", nil), ("sign <file>", "none"),
        ("log-every <steps>", "100"),
        ("log-level", "info"), ("log-format", "text"),
    ]
    static let untold = [
        ("rows <rows>", "from the tensors"), ("columns <columns>", "from the tensors"),
        ("element", "uint8"),
        ("sequence", "rows"), ("nonlinearity", "tanh"), ("readout", "last"),
    ]
    static let expected: [(command: String, options: [(String, String?)])] = [
        (
            "train",
            training + [
                ("workers", "none, which means one for each core"), ("restart <times>", "0"),
                ("monitor <port>", nil),
            ]
        ),
        (
            "coordinator",
            training + [
                ("listen <endpoint>", nil), ("min-workers", "1"),
                ("join-timeout <seconds>", "never"),
            ]
        ),
        (
            "worker",
            [
                ("connect <endpoint>", nil), ("threads", "1"), ("join-timeout <seconds>", "never"),
                ("log-level", "info"), ("log-format", "text"),
            ]
        ),
        (
            "slurm",
            training + [
                ("min-workers", "1"), ("join-timeout <seconds>", "300"),
                ("port <port>", "20000 and the job's number modulo 10000"),
                ("key-from-env", "a new key"),
            ]
        ),
        (
            "monitor",
            [
                ("listen <address>", "127.0.0.1:8460"), ("token-file <file>", nil),
                ("host <name>", nil),
            ]
        ),
        ("runs", [("sort", "name"), ("format", "text")]),
        (
            "report",
            [
                ("format", "html"), ("output <file>", "report.html, or standard output"),
                ("pictures <dir>", nil),
            ]
        ),
        (
            "verify",
            [
                ("from <step>", "from the initial weights"),
                ("data <dir>", "where the run read them"), ("format", "text"),
                ("signed-by <file>", "none"),
            ]
        ),
        ("evaluate", untold + [("data <dir>", "the data that the model was trained on")]),
        ("predict", untold + [("index <n>", nil), ("format", "text")]), ("inspect", untold),
        ("export", untold + [("pytorch <file>", nil)]),
        ("import", untold + [("output <file>", "model.safetensors")]),
        ("dataset info", [("data <dir>", "searched"), ("dataset", "mnist")]),
        (
            "bench kernels",
            [
                ("threads", "the number of cores"), ("cell", "rnn"), ("hidden", "128"),
                ("rows", "64"), ("seconds", "0.1"), ("format", "text"),
            ]
        ),
        (
            "bench step",
            [
                ("cell", "rnn"), ("hidden", "128"), ("layers", "1"), ("bidirectional", nil),
                ("rows", "64"), ("seconds", "2.0"), ("format", "text"),
            ]
        ),
        (
            "bench round",
            [
                ("workers", "2"), ("values", "21000"), ("rounds", "1000"), ("repeat", "5"),
                ("format", "text"),
            ]
        ),
        (
            "bench decisions",
            [("workers", "256,1024,4096"), ("steps", "100"), ("repeat", "5"), ("format", "text")]
        ),
        (
            "bench train",
            [
                ("cells", "rnn"), ("hidden", "128"), ("layers", "1"), ("bidirectional", nil),
                ("batch-size", "128"), ("workers", "1,2"), ("threads", "1"),
                ("data <dir>", "MNIST"), ("epochs", "1"), ("repeat", "1"),
                ("format", "text"),
            ]
        ),
    ]

    @Test("lists every option once, with its unit and its default", arguments: expected)
    func names(command: String, options: [(String, String?)]) async throws {
        let ending = try await tern(command.split(separator: " ").map(String.init) + ["--help"])
        // The usage also names the options, and required ones look as in the entries.
        let sections = ending.output.components(separatedBy: "\n\n")
            .filter { !$0.hasPrefix("USAGE:") }
        let words = sections.joined(separator: " ").split { $0.isWhitespace }
            .joined(separator: " ")
        let entries = words.components(separatedBy: " --").dropFirst()
        for (option, value) in options {
            let entry = entries.filter { "\($0) ".hasPrefix("\(option) ") && $0.contains(".") }
            #expect(entry.count == 1, "--\(option) in \(entries)")
            guard let value else { continue }
            let count = entry.first?.components(separatedBy: "default: \(value)").count
            #expect(count == 2, "--\(option) with its default \(value) in \(entry)")
        }
    }

    @Test("is printed by tern without arguments")
    func alone() async throws {
        let (alone, help) = (try await tern([]), try await tern(["--help"]))
        #expect(alone.status == 0)
        #expect(alone.output == help.output)
    }

    @Test("explains each exit status in the words of the documentation")
    func statuses() async throws {
        let help = try await tern(["--help"]).output
        let rows = help.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\ \ (\d+) +(.+)/).map { "| \($0.1) | \($0.2) |" }
        }
        for status in [0, 1, 2, 64, 65, 66, 68, 69, 70, 73, 74, 75, 76, 78, 129, 130, 143] {
            #expect(rows.count { $0.hasPrefix("| \(status) |") } == 1, "\(status)")
        }
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
            .path(percentEncoded: false)
        let pages = try FileManager.default.contentsOfDirectory(atPath: "\(root)/docs")
            .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        let tables = try (["README.md"] + pages).map { page in
            String(decoding: try readFile("\(root)/\(page)"), as: UTF8.self).split(separator: "\n")
                .filter { $0.wholeMatch(of: /\| \d+ \| .+ \|/) != nil }.map(String.init)
        }
        #expect(tables.filter { $0.contains(rows[0]) } == [rows])
    }
}
