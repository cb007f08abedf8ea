import Glibc

/// Ends the process if an argument, or a variable with a file name, is not valid UTF-8.
///
/// Swift replaces such bytes, and so would use another file.
func refuseUnreadableNames() {
    for index in 1..<max(1, Int(CommandLine.argc)) {
        // Only this has the original bytes.
        guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil
        else { continue }
        refuse("the name \(String(cString: bytes))")
    }
    for variable in ["TERN_MNIST_DIR", "TERN_KEY", "TERN_COORDINATOR_KEY", "TMPDIR"] {
        guard let bytes = getenv(variable), String(validatingCString: bytes) == nil else {
            continue
        }
        refuse("the name \(String(cString: bytes)) in the variable \(variable)")
    }
}

private func refuse(_ name: String) -> Never {
    printError(
        "\(name) is not valid UTF-8, and Tern takes no other: rename the file or folder, or give it a "
            + "link with a plain name")
    exit(ExitStatus.usage)
}
