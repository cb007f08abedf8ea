import Testing

/// Makes a folder that holds the C library's files, and nothing else, for programs to run in.
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

/// The command that runs a program in such a folder, with a `/proc` of its own.
func inBareRoot(_ root: String, _ command: [String]) -> [String] {
    let script = "mount -t proc proc \"$1/proc\" && exec chroot \"$@\""
    return ["unshare", "--mount", "sh", "-c", script, "sh", root] + command
}
