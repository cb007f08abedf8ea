import Mustache

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
