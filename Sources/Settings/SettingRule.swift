/// The rule for which values a setting allows.
struct SettingRule<Value>: Sendable {
    /// Throws if the value is not allowed; `option` names the option in the error.
    let check: @Sendable (_ value: Value, _ option: String) throws(ConfigurationError) -> Void

    /// Allows every value.
    static var any: Self { Self { _, _ in } }
}

extension SettingRule where Value == Int {
    /// A number from 1 to a limit.
    static func from1(to limit: Int) -> Self {
        Self { value, option throws(ConfigurationError) in
            if value < 1 { throw .notPositive(option: option, value: "\(value)") }
            if value > limit { throw .tooLarge(option: option, value: value, limit: limit) }
        }
    }

    /// A number from 0 to a limit.
    static func from0(to limit: Int) -> Self {
        Self { value, option throws(ConfigurationError) in
            if value < 0 { throw .negative(option: option, value: "\(value)") }
            if value > limit { throw .tooLarge(option: option, value: value, limit: limit) }
        }
    }

    /// A power of two from 1 to 4096, so that a binary tree can sum the shards.
    static var shards: Self {
        Self { value, _ throws(ConfigurationError) in
            guard (1...4096).contains(value), value & (value - 1) == 0 else {
                throw .shardsNotPowerOfTwo(value)
            }
        }
    }
}

extension SettingRule where Value == Double {
    /// A finite number above 0.
    static var above0: Self {
        Self { value, option throws(ConfigurationError) in
            guard value > 0, value.isFinite else {
                throw .notPositive(option: option, value: "\(value)")
            }
        }
    }

    /// A finite number of 0 or more.
    static var from0: Self {
        Self { value, option throws(ConfigurationError) in
            guard value >= 0, value.isFinite else {
                throw .negative(option: option, value: "\(value)")
            }
        }
    }

    /// A number from 0 to below 1.
    static var share: Self {
        Self { value, option throws(ConfigurationError) in
            guard (0..<1).contains(value) else {
                throw .notAShare(option: option, value: "\(value)")
            }
        }
    }
}

extension SettingRule where Value == [Int] {
    /// Any count of numbers, each from 1 to a limit.
    static func each(from1To limit: Int) -> Self {
        Self { values, option throws(ConfigurationError) in
            guard values.allSatisfy({ (1...limit).contains($0) }) else {
                throw .notPositive(
                    option: option, value: values.map(String.init).joined(separator: " "))
            }
        }
    }
}
