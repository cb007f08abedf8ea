import Testing
import TestSupport
import ZeroMQ

@Suite("An endpoint's text") struct EndpointFormTests {
    @Test(
        "gives host and port, whatever the host's form",
        arguments: [
            ("node0", nil), ("node-0.example.org", nil), ("node0.", nil), ("wg_0", nil),
            ("eth0.100", nil), ("1node", nil), ("a", nil), ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"), ("[::1]", "::1"), ("[::]", "::"),
            ("[2001:db8::5]", "2001:db8::5"), ("[fe80::1%eth0]", "fe80::1%eth0"),
            ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
        ])
    func hostAndPort(host: String, address: String?) throws {
        for port: UInt16 in [1, 80, 5555, 65535] {
            for operation in [SocketError.Operation.listen, .connect] {
                let endpoint = try Endpoint("tcp://\(host):\(port)", for: operation)
                #expect(endpoint.port == port)
                #expect(endpoint.name == (address == nil ? host : nil))
                guard let address else { continue }
                let expected = try #require(HostAddress(address))
                #expect(endpoint.host == .address(expected))
                #expect(expected.endpoint(port: port) == endpoint.text)
            }
        }
    }

    @Test(
        "is parsed into parts that give the same text again, or rejected in one line"
    )
    func anyText() throws {
        var noise = SplitMix64(state: 12)
        let pieces =
            [
                "tcp://", "ipc://", "inproc://", "http://", "tcp:", "//", "[", "]", "::", ":", ".",
                "*",
            ]
            + [
                "%", "0", "1", "255", "65535", "65536", "a", "fe80", "-", "_", " ", "/", "@", "\n",
                "\u{e9}",
            ]
            + ["127.0.0.1", "[::1]", "localhost", ":5555", "\u{0}", "\u{1b}"]
        var taken = 0
        for _ in 0..<50_000 {
            let count = Int.random(in: 0...6, using: &noise)
            let text = (0..<count).map { _ in pieces.randomElement(using: &noise) ?? "" }.joined()
            let isHeadless = Bool.random(using: &noise)
            let endpoint = isHeadless ? text : "tcp://" + text
            for operation in [SocketError.Operation.listen, .connect] {
                do throws(SocketError) {
                    let parsed = try Endpoint(endpoint, for: operation)
                    taken += 1
                    try expectSame(parsed)
                } catch {
                    #expect(!error.reason.isEmpty)
                }
            }
        }
        #expect(taken > 500)
    }

    /// Expects that host and port, joined again, are unchanged.
    private func expectSame(_ endpoint: Endpoint) throws(SocketError) {
        guard let host = endpoint.host else { return }
        let text =
            switch host {
            case .any: "tcp://*:\(endpoint.port)"
            case .name(let name): "tcp://\(name):\(endpoint.port)"
            case .address(let address): address.endpoint(port: endpoint.port)
            }
        let again = try Endpoint(text, for: .listen)
        #expect(again.host == host && again.port == endpoint.port)
    }

    @Test("between processes cannot be inproc")
    func betweenProcesses() throws {
        #expect(throws: SocketError.self) {
            try Endpoint(betweenProcesses: "inproc://a", for: .listen)
        }
        _ = try Endpoint(betweenProcesses: "ipc:///tmp/a", for: .connect)
    }
}

@Suite("The addresses of a host") struct HostAddressTests {
    private func addresses(_ texts: [String]) -> [HostAddress] {
        texts.compactMap { HostAddress($0) }
    }

    @Test(
        "alternate between the two families, in the resolver's order",
        arguments: [
            ([], []), (["::1"], ["::1"]),
            (["::1", "::2", "::3", "1.1.1.1"], ["::1", "1.1.1.1", "::2", "::3"]),
            (["1.1.1.1", "2.2.2.2", "::1", "::2"], ["1.1.1.1", "::1", "2.2.2.2", "::2"]),
        ] as [([String], [String])])
    func inTurn(given: [String], expected: [String]) {
        #expect(NameLookUp.inTurn(addresses(given)) == addresses(expected))
    }

    @Test(
        "exclude those that other machines cannot reach",
        arguments: [
            (["127.0.0.1", "10.0.0.5", "::1", "fe80::1%2", "fd00::1"], ["10.0.0.5", "fd00::1"]),
            (["127.0.0.1", "169.254.7.7", "fe80::1%2"], ["169.254.7.7", "fe80::1%2"]),
            (["127.0.0.1", "::1"], ["127.0.0.1", "::1"]),
        ] as [([String], [String])])
    func reach(given: [String], expected: [String]) {
        #expect(HostAddress.widestReach(of: addresses(given)) == addresses(expected))
    }

    @Test("leave an endpoint with one address unchanged")
    func dialable() async {
        for endpoint in ["tcp://127.0.0.1:5555", "tcp://node0:5555", "ipc:///tmp/a"] {
            #expect(await Endpoint.dialable(endpoint) == [endpoint])
        }
        for endpoint in ["tcp://0.0.0.0:5555", "tcp://[::]:5555"] {
            let dialable = await Endpoint.dialable(endpoint)
            #expect(!dialable.isEmpty && !dialable.contains(endpoint))
            #expect(dialable.allSatisfy { $0.hasSuffix(":5555") })
        }
    }
}
