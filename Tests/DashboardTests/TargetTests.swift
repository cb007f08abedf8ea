import Dashboard
import Testing

@Suite("The address of a request")
struct TargetTests {
    @Test(
        "has the decoded segments of its path",
        arguments: [
            ("/", []), ("/runs/a", ["runs", "a"]), ("/runs/a/", ["runs", "a"]),
            ("//a//b", ["a", "b"]),
            ("/a%20b", ["a b"]), ("/%2e%2E", [".."]), ("/a%2Fb", ["a/b"]), ("/%C3%A9", ["é"]),
            ("/a+b", ["a+b"]), ("/%00", ["\0"]), ("/a?b=/c", ["a"]), ("/%3Fx", ["?x"]),
            ("/a%2F%CC%81", ["a/\u{301}"]),
        ] as [(String, [String])])
    func path(_ address: String, _ path: [String]) throws {
        #expect(try #require(Target(address)).path == path)
    }

    @Test(
        "is rejected if it is malformed",
        arguments: [
            "", "a", "*", "http://host/", "/%", "/%4", "/%4g", "/%+1", "/%-0", "/% 1", "/%C3",
            "/%FF",
            "/?%", "/?a=%zz", "/?%FF=a", "/%ED%A0%80", "/%C0%AF",
        ])
    func malformed(_ address: String) {
        #expect(Target(address) == nil)
    }

    @Test("has the values of its query by name")
    func query() throws {
        let target = try #require(Target("/compare?run=a&run=b%20c&x&run=d+e&=f&run=g%3Dh=i&run"))
        #expect(target.values(of: "run") == ["a", "b c", "d e", "g=h=i", ""])
        #expect(target.values(of: "x") == [""])
        #expect(target.values(of: "") == ["f"])
        #expect(target.values(of: "other") == [])
    }
}
