import ArgumentParser

/// An option's value, or the word `none`, which removes the value of a configuration file.
enum Withdrawable<Value: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
    /// As if the option were in neither the file nor the command line.
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

    /// The value; nil if it is withdrawn.
    var value: Value? {
        if case .given(let value) = self { value } else { nil }
    }
}
