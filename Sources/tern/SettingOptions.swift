import ArgumentParser
import Settings

/// Options named like the settings that they change.
protocol SettingOptions: ParsableArguments {}

extension SettingOptions {
    /// Applies the options that were given to a configuration.
    func apply<Configuration>(
        _ table: [Setting<Configuration>], to configuration: inout Configuration
    ) {
        for child in Mirror(reflecting: self).children {
            // A wrapper's label is its property's name after an underscore.
            let name = child.label?.dropFirst()
            guard let setting = table.first(where: { $0.name[...] == name }) else { continue }
            guard let option = child.value as? any ParsedOption else { continue }
            // A repeatable option has an empty list if it is not given.
            if let list = option.given as? any Collection, list.isEmpty { continue }
            setting.set(option.given, in: &configuration)
        }
    }
}

/// The wrapper of an option or a flag.
private protocol ParsedOption {
    /// The parsed value.
    var given: Any { get }
}

extension Option: ParsedOption {
    fileprivate var given: Any { wrappedValue }
}

extension Flag: ParsedOption {
    fileprivate var given: Any { wrappedValue }
}

extension ArgumentHelp {
    /// The help of the option for a property.
    static func setting(_ path: PartialKeyPath<TrainingConfiguration>) -> ArgumentHelp {
        help(of: path, in: TrainingConfiguration.table, default: TrainingConfiguration())
    }

    /// The help of the option for a property.
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
