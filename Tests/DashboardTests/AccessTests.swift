import Dashboard
import Monitoring
import Testing

@Suite("The access check of a monitor")
struct AccessTests {
    private let access = Access(token: "secret", names: ["Proxy.example"])

    @Test(
        "accepts requests to one of its names or an address",
        arguments: [
            "localhost", "localhost:8460", "LOCALHOST", "127.0.0.1", "127.0.0.1:1",
            "10.1.2.3:65535",
            "[::1]", "[::1]:8460", "[fe80::1]:80", "proxy.example", "PROXY.EXAMPLE:443",
            "[::ffff:10.0.0.1]",
        ])
    func ownNames(_ host: String) {
        #expect(access.isOwn(host: host))
    }

    @Test("accepts requests to the machine's name")
    func machine() {
        #expect(access.isOwn(host: EventLine.ownHost))
        #expect(access.isOwn(host: "\(EventLine.ownHost.uppercased()):80"))
    }

    @Test(
        "rejects requests to any other name",
        arguments: [
            "", ":", ":80", "evil.example", "evil.example:8460", "localhost.evil.example",
            "127.0.0.1.evil.example", "127.0.0.1@evil.example", "localhost:80:80", "localhost:x",
            "localhost:99999", "localhost:-1", "localhost ", " localhost", "localhost/", "::1",
            "[::1", "::1]", "[::1]x", "[::1]:x", "[evil.example]", "[]", "127.1", "2130706433",
            "0x7f.0.0.1", "127.0.0.256", "127.0.0.1\0", "127.0.0.1\0.evil.example", "localhost\0",
            "xn--localhost", "localhost,evil.example", "localhost\u{301}", "*", "[fe80::1%eth0]",
        ])
    func otherNames(_ host: String) {
        #expect(!access.isOwn(host: host))
    }

    @Test("accepts only the whole token, and anything if no token is set")
    func tokens() {
        #expect(access.isRight("secret"))
        for wrong in ["", "s", "secre", "secrets", "Secret", "secret\0", "secret\u{301}", "ѕecret"]
        {
            #expect(!access.isRight(wrong))
        }
        #expect(Access(token: nil, names: []).isRight("anything"))
    }
}
