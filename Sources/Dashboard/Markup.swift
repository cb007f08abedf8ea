import Mustache

/// A text escaped for HTML content and quoted attributes.
///
/// Iterates over scalars: a quote with a combining mark is another character, but still ends an
/// attribute.
package func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { special.contains($0) }) else { return text }
    var html = ""
    html.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": html += "&amp;"
        case "<": html += "&lt;"
        case ">": html += "&gt;"
        case "\"": html += "&quot;"
        case "'": html += "&#39;"
        default: html.unicodeScalars.append(scalar)
        }
    }
    return html
}

private let special: Set<UInt8> = Set("&<>\"'".utf8)

/// The page's templates, one per file of the folder Page.
enum Templates {
    /// Fills in a template.
    static func render(_ name: Name, _ values: [String: Any]) -> String {
        guard let template = all[name] else { preconditionFailure("no template \(name)") }
        return template.render(values)
    }

    enum Name: CaseIterable {
        case layout, run, state, workers, log, settings, test, time, list, runs, compare,
            differences

        fileprivate var source: [UInt8] {
            switch self {
            case .layout: PackageResources.layout_mustache
            case .run: PackageResources.run_mustache
            case .state: PackageResources.state_mustache
            case .workers: PackageResources.workers_mustache
            case .log: PackageResources.log_mustache
            case .settings: PackageResources.settings_mustache
            case .test: PackageResources.test_mustache
            case .time: PackageResources.time_mustache
            case .list: PackageResources.list_mustache
            case .runs: PackageResources.runs_mustache
            case .compare: PackageResources.compare_mustache
            case .differences: PackageResources.differences_mustache
            }
        }
    }

    private static let all: [Name: MustacheTemplate] = {
        MustacheContentTypes.register(EscapedContent(), named: "TERN")
        return Dictionary(
            uniqueKeysWithValues: Name.allCases.map { name in
                do {
                    let text = String(decoding: name.source, as: UTF8.self)
                    return (name, try MustacheTemplate(string: text))
                } catch {
                    preconditionFailure("the template \(name) is damaged: \(error)")
                }
            })
    }()

    private struct EscapedContent: MustacheContentType {
        func escapeText(_ text: String) -> String { escaped(text) }
    }
}
