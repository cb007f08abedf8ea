import ArgumentParser

/// The value of an option, or the word `none`, which takes back the value of a configuration file.
enum Withdrawable<Value: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
    /// As if neither the file nor the command line had the option.
    case withdrawn
    /// A value.
    case given(Value)

    init?(argument: String) {
        if argument == "none" {
            self = .withdrawn
        } else if let value = Value(argument: argument) {
            self = .given(value)
        } else {
            return nil
        }
    }

    /// The value; nil where it is withdrawn.
    var value: Value? {
        if case .given(let value) = self { value } else { nil }
    }
}
