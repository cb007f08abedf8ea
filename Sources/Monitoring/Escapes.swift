import FoundationEssentials
import Glibc

/// Whether a stream is a terminal that may be sent escape sequences.
///
/// `TERM=dumb` says that a terminal does not know them, a non-empty `NO_COLOR` that its user wants none.
public func takesEscapes(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && environment["TERM"] != "dumb"
        && (environment["NO_COLOR"] ?? "").isEmpty
}
