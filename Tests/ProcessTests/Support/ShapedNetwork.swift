import Requirements

/// A network namespace of its own whose processes reach each other over a link of 20 Mbit/s.
enum ShapedNetwork {
    /// What a new namespace's link is made like: with packets as on Ethernet, whatever the machine sends.
    private static let shape = """
        ip link set dev lo mtu 1500 up && \
        tc qdisc add dev lo root tbf rate 20mbit burst 16kb latency 500ms
        """

    /// What it is made of.
    static let namespaces = Requirement(
        "root, ip, tc, and network namespaces with the kernel's tbf"
    ) {
        canRun(["unshare", "--net", "sh", "-c", shape])
    }

    /// What a shell does before it starts a program, so that the program has such a network.
    static let setUp = "set -- unshare --net sh -c '\(shape) && exec \"$@\"' sh \"$@\""

    /// The command that runs another in the network of a process.
    static func command(beside process: TernProcess, _ command: [String]) -> [String] {
        ["nsenter", "--net=/proc/\(process.pid)/ns/net"] + command
    }
}
