import Requirements

/// A network namespace whose processes communicate over a slow link.
enum ShapedNetwork {
    /// The commands that set up the link: with the packet size of Ethernet, whatever the machine sends.
    private static func shape(megabits: Int) -> String {
        """
        ip link set dev lo mtu 1500 up && \
        tc qdisc add dev lo root tbf rate \(megabits)mbit burst 16kb latency 500ms
        """
    }

    /// The namespaces and tools that it needs.
    static let namespaces = Requirement(
        "root, ip, tc, and network namespaces with the kernel's tbf"
    ) {
        canRun(["unshare", "--net", "sh", "-c", shape(megabits: 1)])
    }

    /// The shell command before a program's start that gives the program a network of `megabits` a second.
    static func setUp(megabits: Int) -> String {
        "set -- unshare --net sh -c '\(shape(megabits: megabits)) && exec \"$@\"' sh \"$@\""
    }

    /// Wraps a command so that it runs in the network of a process.
    static func command(beside process: TernProcess, _ command: [String]) -> [String] {
        ["nsenter", "--net=/proc/\(process.pid)/ns/net"] + command
    }
}
