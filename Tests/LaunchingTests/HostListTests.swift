import Launching
import TestSupport
import Testing

@Suite("A list of hosts") struct HostListTests {
    private func hosts(_ text: String) throws -> [Host] {
        try HostList(parsing: Array(text.utf8), from: "hosts").hosts
    }

    @Test("accepts lanes as a number, as slots, and as Horovod's discovery scripts print them")
    func lanes() throws {
        let list = try hosts("a 8\nb slots=4\nc:2\nd\n")
        #expect(list.map(\.name) == ["a", "b", "c", "d"])
        #expect(list.map(\.lanes) == [8, 4, 2, nil])
    }

    @Test("accepts users, ports and addresses")
    func names() throws {
        let list = try hosts(
            """
            user@c:2222 4
            me@d.example.org:2222:3
            [2001:db8::1]:22 8
            [2001:db8::2]:2
            2001:db8::3
            192.0.2.1 1
            """)
        #expect(
            list.map(\.description) == [
                "user@c:2222", "me@d.example.org:2222", "[2001:db8::1]:22", "2001:db8::2",
                "2001:db8::3", "192.0.2.1",
            ])
        #expect(list.map(\.lanes) == [4, 3, 8, 2, nil, 1])
        #expect(list.map(\.port) == [2222, 2222, 22, nil, nil, nil])
        #expect(list.map(\.user) == ["user", "me", nil, nil, nil, nil])
    }

    @Test("accepts other systems' line ends, comments, and a missing last line break")
    func odd() throws {
        let list = try hosts("\u{FEFF}# name\r\n\r\na 8\r\n \tb 2 # in the rack\r\n  # c\nd")
        #expect(list.map(\.name) == ["a", "b", "d"])
        #expect(list.map(\.lanes) == [8, 2, nil])
    }

    @Test("can be the value of an option")
    func option() throws {
        let list = try HostList(option: "a:8,b,user@c:2222:4,[::1]:2222:1").hosts
        #expect(list.map(\.description) == ["a", "b", "user@c:2222", "[::1]:2222"])
        #expect(list.map(\.lanes) == [8, nil, 4, 1])
    }

    @Test("can be passed to another launch as the value of an option")
    func text() throws {
        let list = try HostList(
            parsing: Array("u@a:22 8\nb\nc:3\n[::1]:22:1\n::2 4\n::3\nd:2222:".utf8), from: "hosts")
        #expect(try HostList(option: list.text).hosts == list.hosts)
    }

    @Test(
        "names the invalid line and what is wrong there",
        arguments: [
            ("a\nb x\n", "hosts, line 2: 'x' is not a number of lanes (1 to 1024)"),
            ("a\n\nb 0", "hosts, line 3: '0' is not a number of lanes (1 to 1024)"),
            ("a 1025", "hosts, line 1: '1025' is not a number of lanes (1 to 1024)"),
            ("a 99999999999999999999", "is not a number of lanes"),
            ("a 1 2\n", "hosts, line 1: '2' is too much: a line is HOST LANES"),
            ("a 1\n-oProxyCommand=id 1\n", "line 2: '-oProxyCommand=id' is not the name"),
            ("a 1\n'al$(id)' 1\n", "hosts, line 2: ''al$(id)'' is not the name of a machine"),
            ("-l@a 1", "hosts, line 1: '-l' is not a user's name"),
            ("@a 1", "hosts, line 1: '' is not a user's name"),
            ("a:0:1", "hosts, line 1: '0' is not a port (1 to 65535)"),
            ("a:65536 1", "hosts, line 1: '65536' is not a port (1 to 65535)"),
            ("a:1:2:3", "hosts, line 1: 'a:1:2:3' has too many numbers"),
            ("a:1:2 3", "hosts, line 1: 'a:1:2' has too many numbers"),
            ("[::1 2", "hosts, line 1: '[::1' lacks a ']'"),
            ("[::1]x 2", "hosts, line 1: '[::1]x' has 'x' behind its address"),
            ("# a\n\r\n", "hosts: it names no machine"),
            ("", "hosts: it names no machine"),
            ("a 1\nb\na 2", "hosts, line 3: a is named in hosts, line 1, too"),
        ])
    func bad(text: String, reason: String) {
        let error = #expect(throws: HostListError.self) { try hosts(text) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(error as Any)")
    }

    @Test(
        "is rejected as an option's value if an entry is empty or a host is repeated",
        arguments: ["", "a,", "a,,b", "a,a:2"])
    func badOption(text: String) {
        #expect(throws: HostListError.self) { try HostList(option: text) }
    }

    @Test("gives ssh no option and no shell syntax, whatever it contains")
    func generated() {
        var random = SplitMix64(state: 17)
        let characters = Array("ab1-._:%@[] \t,;$()`'\"\\!&|<>*?~#=\n\r\0é")
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<12, using: &random)
            let text = String(
                (0..<length).map { _ in characters.randomElement(using: &random) ?? "a" })
            for host in (try? hosts(text)) ?? [] {
                let name = (host.user.map { "\($0)@" } ?? "") + host.name
                #expect(
                    name.allSatisfy {
                        $0.isASCII && ($0.isLetter || $0.isNumber || "._-:%@".contains($0))
                    })
                #expect(!name.hasPrefix("-") && !name.isEmpty)
            }
        }
    }
}
