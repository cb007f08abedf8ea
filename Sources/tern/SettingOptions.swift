import ArgumentParser
import Training

/// Options of which each is named like the setting that it sets.
protocol SettingOptions: ParsableArguments {}

extension SettingOptions {
    /// Changes the settings that were given as values of their own types.
    func apply<Configuration>(
        _ table: [Setting<Configuration>], to configuration: inout Configuration
    ) {
        for child in Mirror(reflecting: self).children {
            // A wrapper's own name is that of its property behind an underscore.
            let name = child.label?.dropFirst()
            guard let setting = table.first(where: { $0.name[...] == name }) else { continue }
            guard let option = child.value as? any ParsedOption else { continue }
            // An option that may be repeated has an empty list where it is left out.
            if let list = option.given as? any Collection, list.isEmpty { continue }
            setting.set(option.given, in: &configuration)
        }
    }
}

/// An option or a flag behind its property.
private protocol ParsedOption {
    /// What was given.
    var given: Any { get }
}

extension Option: ParsedOption {
    fileprivate var given: Any { wrappedValue }
}

extension Flag: ParsedOption {
    fileprivate var given: Any { wrappedValue }
}

extension ArgumentHelp {
    /// The help of the option that sets a property.
    static func setting(_ path: PartialKeyPath<TrainingConfiguration>) -> ArgumentHelp {
        help(of: path, in: TrainingConfiguration.table, default: TrainingConfiguration())
    }

    /// The help of the option that sets a property.
    static func setting(_ path: PartialKeyPath<RunConfiguration>) -> ArgumentHelp {
        help(of: path, in: RunConfiguration.table, default: RunConfiguration())
    }

    private static func help<Configuration>(
        of path: PartialKeyPath<Configuration>, in table: [Setting<Configuration>],
        default configuration: Configuration
    ) -> ArgumentHelp {
        guard let setting = table.first(where: { $0.sets(path) }) else {
            preconditionFailure("no row of the table is of \(path)")
        }
        return ArgumentHelp(
            "\(setting.help(default: configuration))", valueName: setting.unit)
    }
}
