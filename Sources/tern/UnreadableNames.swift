import Glibc

/// Ends the process where an argument, or a variable that names a file, is not valid UTF-8.
///
/// Swift puts other characters in the place of such bytes, and so would look for another file, or make
/// one.
func refuseUnreadableNames() {
    for index in 1..<max(1, Int(CommandLine.argc)) {
        // The bytes as they came are to be had from here alone.
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
