import FoundationEssentials
import Testing

/// A page of the documentation: its fenced blocks, headings, links and tables.
struct MarkdownPage: CustomTestStringConvertible {
    /// A fenced block.
    struct Block {
        /// The line of its fence, counted from 1.
        let line: Int
        /// The language in the fence: `sh`, `text` or `swift`.
        let language: String
        /// The lines between the fences.
        var lines: [String] = []
        /// The reason in the comment `<!-- not run: REASON -->` above the fence, if any.
        var notRun: String?
    }

    /// The path in the package.
    let path: String
    private(set) var blocks: [Block] = []
    /// The lines outside of blocks, with their numbers.
    private(set) var prose: [(line: Int, text: String)] = []

    var testDescription: String { path }

    /// All pages of the package.
    static let all: [MarkdownPage] = {
        let manager = FileManager.default
        let top = ((try? manager.contentsOfDirectory(atPath: packagePath(""))) ?? [])
            .filter { !$0.hasPrefix(".") && !["data", "runs"].contains($0) }.sorted()
        let below = top.flatMap { folder in
            ((try? manager.subpathsOfDirectory(atPath: packagePath(folder))) ?? []).sorted()
                .map { "\(folder)/\($0)" }
        }
        return (top + below).filter { $0.hasSuffix(".md") }.compactMap { try? MarkdownPage($0) }
    }()

    /// Reads a page.
    init(_ path: String) throws {
        self.path = path
        let text = String(decoding: try readFile(packagePath(path)), as: UTF8.self)
        var open: Block?
        var reason: String?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if let fence = line.wholeMatch(of: /\s*```(.*)/) {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(line: index + 1, language: String(fence.1), notRun: reason)
                }
                reason = nil
            } else if open != nil {
                open?.lines.append(String(line))
            } else {
                reason = line.firstMatch(of: /<!--\s*not run:?(.*)-->/).map {
                    String($0.1).split(separator: " ").joined(separator: " ")
                }
                prose.append((index + 1, String(line)))
            }
        }
        guard open == nil else { throw TestFailure(description: "\(path): a block has no end") }
    }

    /// The anchors of the headings, in GitHub's form.
    var anchors: Set<String> {
        Set(
            prose.compactMap { $0.text.wholeMatch(of: /#+ (.*)/)?.1 }.map { heading in
                heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
                    .replacing(" ", with: "-")
            })
    }

    /// The targets of the links, with their lines.
    var links: [(line: Int, target: String)] {
        prose.flatMap { line, text in
            text.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)]*)\)/).map {
                (line, String($0.1))
            }
        }
    }

    /// The cells of each row of each table, with the row's line.
    var tables: [[(line: Int, cells: Int)]] {
        var tables: [[(line: Int, cells: Int)]] = []
        var last = 0
        for (line, text) in prose where text.hasPrefix("|") {
            if line != last + 1 { tables.append([]) }
            last = line
            let cells = text.replacing(/`[^`]*`/, with: "").count { $0 == "|" } - 1
            tables[tables.count - 1].append((line, cells))
        }
        return tables
    }
}
