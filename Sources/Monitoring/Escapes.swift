import FoundationEssentials
import Glibc

/// Whether a stream is a terminal that supports escape sequences and may show them.
///
/// `TERM=dumb` means that it does not support them; a non-empty `NO_COLOR` means that the user
/// wants none.
public func takesEscapes(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && environment["TERM"] != "dumb"
        && (environment["NO_COLOR"] ?? "").isEmpty
}
