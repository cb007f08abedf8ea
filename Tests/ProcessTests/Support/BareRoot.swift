import Testing

/// Creates a folder with only the C library's files, as a root for programs.
func makeBareRoot() async throws -> String {
    let root = bench.path("root")
    let script = """
        mkdir -p "$1/proc" "$1/home" "$1/tmp" "$1/usr/local" &&
        dpkg -L libc6 | while read -r file; do [ -d "$file" ] || echo "${file#/}"; done |
        tar -C / -cf - -T - | tar -C "$1" -xf -
        """
    let ending = try await bench.start(["sh", "-c", script, "sh", root]).end()
    #expect(ending.status == 0, "\(ending)")
    return root
}

/// Wraps a command so that it runs in such a root, with its own `/proc`.
func inBareRoot(_ root: String, _ command: [String]) -> [String] {
    let script = "mount -t proc proc \"$1/proc\" && exec chroot \"$@\""
    return ["unshare", "--mount", "sh", "-c", script, "sh", root] + command
}
