/// A row of a configuration's table: everything about a setting except its effect.
///
/// A new setting needs a property, a row, and a command-line option.
package struct Setting<Configuration>: Sendable {
    /// The property's name, also the key in JSON.
    package let name: String
    /// The option that sets it, without its dashes.
    package let option: String
    /// The name of the option's value in the help; nil to use the option's name.
    package let unit: String?

    private let summary: String
    private let defaultText: String?
    private let path: PartialKeyPath<Configuration> & Sendable
    private let setter: @Sendable (inout Configuration, Any) -> Void
    private let rule: @Sendable (Configuration) throws(ConfigurationError) -> Void
    private let reader: @Sendable (inout Configuration, Source) throws -> Void
    private let writer: @Sendable (Configuration, inout Target) throws -> Void

    /// Settings are read from it by name.
    typealias Source = KeyedDecodingContainer<SettingKey>
    /// Settings are written to it by name.
    typealias Target = KeyedEncodingContainer<SettingKey>

    /// A setting that always has a value.
    ///
    /// - Parameters:
    ///   - summary: the option's help text before the default.
    ///   - defaultText: the default in the help, if it differs from the value's usual text.
    init<Value: Codable & Sendable>(
        _ name: String, _ path: WritableKeyPath<Configuration, Value> & Sendable,
        in rule: SettingRule<Value> = .any, _ summary: String, unit: String? = nil,
        default defaultText: String? = nil
    ) {
        let option = dashed(name)
        (self.name, self.option, self.unit) = (name, option, unit)
        (self.summary, self.defaultText, self.path) = (summary, defaultText, path)
        setter = { if let value = $1 as? Value { $0[keyPath: path] = value } }
        self.rule = { configuration throws(ConfigurationError) in
            try rule.check(configuration[keyPath: path], option)
        }
        reader = { configuration, source in
            let value = try source.read(SettingKey(name), as: Value.self)
            // Only a key that is present counts as chosen.
            if let value { configuration[keyPath: path] = value }
        }
        writer = { try $1.encode($0[keyPath: path], forKey: SettingKey(name)) }
    }

    /// A setting that may have no value.
    init<Value: Codable & Sendable>(
        optional name: String, _ path: WritableKeyPath<Configuration, Value?> & Sendable,
        option: String? = nil, in rule: SettingRule<Value> = .any, _ summary: String = "",
        unit: String? = nil, default defaultText: String? = nil
    ) {
        let option = option ?? dashed(name)
        (self.name, self.option, self.unit) = (name, option, unit)
        (self.summary, self.defaultText, self.path) = (summary, defaultText, path)
        setter = { if let value = $1 as? Value { $0[keyPath: path] = value } }
        self.rule = { configuration throws(ConfigurationError) in
            guard let value = configuration[keyPath: path] else { return }
            try rule.check(value, option)
        }
        reader = { configuration, source in
            try source.read(SettingKey(name), into: &configuration[keyPath: path])
        }
        writer = { try $1.encodeIfPresent($0[keyPath: path], forKey: SettingKey(name)) }
    }

    /// Whether this row sets a given property.
    package func sets(_ path: PartialKeyPath<Configuration>) -> Bool { self.path == path }

    /// The option's help text, with the default of a configuration.
    package func help(default configuration: Configuration) -> String {
        "\(summary) (default: \(defaultText ?? text(in: configuration)))"
    }

    /// Sets the property to a value of its type; ignores a value of another type.
    package func set(_ value: Any, in configuration: inout Configuration) {
        setter(&configuration, value)
    }

    /// The value as text for people.
    func text(in configuration: Configuration) -> String {
        switch configuration[keyPath: path] {
        case let value as any RawRepresentable: "\(value.rawValue)"
        case let values as [Int]:
            values.isEmpty ? "none" : values.map(String.init).joined(separator: " ")
        case let value as String?: value ?? "none"
        case let value: "\(value)"
        }
    }

    /// Checks that the value is allowed.
    func check(_ configuration: Configuration) throws(ConfigurationError) {
        try rule(configuration)
    }

    /// Reads the value if the key is present and not null.
    func read(from source: Source, into configuration: inout Configuration) throws {
        try reader(&configuration, source)
    }

    /// Writes the value, if any.
    func write(_ configuration: Configuration, to target: inout Target) throws {
        try writer(configuration, &target)
    }
}

/// A property's name as an option, such as `batch-size` for `batchSize`.
private func dashed(_ name: String) -> String {
    name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
}
