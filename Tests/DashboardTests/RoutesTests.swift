import Dashboard
import Foundation
import NIOHTTP1
import TestSupport
import Testing
import Watching

@Suite("A monitor's responses")
final class RoutesTests {
    private let path = NSTemporaryDirectory() + "tern-routes-" + UUID().uuidString
    private let open: Routes
    private let closed: Routes

    init() throws {
        for name in ["a", "b", "c d"] {
            try SimulatedRun(workers: 2, steps: 20).write(to: "\(path)/runs/\(name)")
        }
        // This run lies outside the folder that is shown.
        try SimulatedRun(workers: 2, steps: 20).write(to: "\(path)/secret")
        let library = try RunLibrary("\(path)/runs")
        open = Routes(library: library, access: Access(token: nil, names: []))
        closed = Routes(library: library, access: Access(token: "key", names: []))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func head(
        _ uri: String, _ method: HTTPMethod = .GET,
        _ headers: [(String, String)] = [("Host", "localhost")]
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: .init(headers))
    }

    private func text(_ answer: Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

    private func value(_ name: String, in answer: Answer) -> String? {
        answer.headers.first { $0.name == name }?.value
    }

    @Test(
        "reject every method but GET and HEAD",
        arguments: [.POST, .PUT, .DELETE, .OPTIONS, .TRACE] as [HTTPMethod])
    func methods(_ method: HTTPMethod) async {
        let answer = await open.answer(to: head("/", method))
        #expect(answer.status == .methodNotAllowed)
        #expect(value("Allow", in: answer) == "GET, HEAD")
    }

    @Test("reject a missing, repeated or foreign Host header")
    func hosts() async {
        for headers in [
            [], [("Host", "evil.example")], [("Host", "localhost"), ("Host", "localhost")],
            [("Host", "")],
        ] {
            let answer = await open.answer(to: head("/", .GET, headers))
            #expect(answer.status == .misdirectedRequest)
        }
    }

    @Test("reject malformed addresses", arguments: ["*", "/%", "/?run=%FF", "http://localhost/"])
    func malformed(_ uri: String) async {
        #expect(await open.answer(to: head(uri)).status == .badRequest)
    }

    @Test(
        "reject what does not exist or lies outside the folder",
        arguments: [
            "/nothing", "/runs", "/runs/", "/runs/x", "/runs/..", "/runs/%2e%2e/secret",
            "/runs/%2e%2e%2fsecret", "/runs/..%2Fsecret", "/runs/a/nothing", "/runs/a/config.json",
            "/runs/a%00", "/runs/.", "/runs/a/events/x", "/runs/%2E%2E%2F%CC%81",
            "/runs/x/status.json",
            "/compare?run=x", "/compare?run=../secret", "/index.html",
        ])
    func nothing(_ uri: String) async {
        #expect(await open.answer(to: head(uri)).status == .notFound)
    }

    @Test("compare one to eight runs")
    func comparison() async {
        #expect(await open.answer(to: head("/compare")).status == .badRequest)
        let many = String(repeating: "run=a&", count: 9)
        #expect(await open.answer(to: head("/compare?\(many)")).status == .badRequest)
        let answer = await open.answer(to: head("/compare?run=a&run=c+d"))
        #expect(answer.status == .ok)
        #expect(
            Markup(text(answer)).values(of: "data-events") == ["/compare/events?run=a&run=c%20d"])
        #expect(await open.answer(to: head("/compare/events?run=a&run=b")).stream != nil)
        #expect(await open.answer(to: head("/compare/events")).status == .notFound)
    }

    @Test("include pages, numbers and streams of the runs")
    func answers() async throws {
        let list = await open.answer(to: head("/"))
        expectSound(text(list))
        #expect(Markup(text(list)).values(of: "href").contains("/runs/c%20d/"))
        let page = await open.answer(to: head("/runs/c%20d/"))
        #expect(page.status == .ok)
        expectSound(text(page))
        #expect(Markup(text(page)).values(of: "data-events") == ["/runs/c%20d/events"])
        #expect(await open.answer(to: head("/healthz")).body == Array("ok\n".utf8))
        for uri in ["/style.css", "/page.js"] {
            #expect(await !open.answer(to: head(uri)).body.isEmpty)
        }
        let metrics = await open.answer(to: head("/metrics"))
        #expect(PrometheusReader(text(metrics)).faults == [])
        for (uri, isList) in [("/status.json", true), ("/runs/a/status.json", false)] {
            let object = try JSONSerialization.jsonObject(
                with: Data(await open.answer(to: head(uri)).body))
            #expect((object is [Any]) == isList)
        }
        for uri in ["/events", "/runs/a/events"] {
            let answer = await open.answer(to: head(uri))
            #expect(answer.type == "text/event-stream")
            #expect(answer.stream != nil)
        }
    }

    @Test("are the same for HEAD as for GET")
    func heads() async {
        for uri in ["/", "/runs/a/", "/nothing"] {
            let (get, head) = (
                await open.answer(to: head(uri)), await open.answer(to: head(uri, .HEAD))
            )
            #expect((get.status, get.type) == (head.status, head.type))
        }
    }

    @Test("need the token if one is set, in a header, a cookie, or a link that sets the cookie")
    func tokens() async {
        for uri in ["/", "/metrics", "/style.css", "/runs/a/", "/events", "/nothing"] {
            let answer = await closed.answer(to: head(uri))
            #expect(answer.status == .unauthorized)
            #expect(value("WWW-Authenticate", in: answer) == "Bearer")
            #expect(!text(answer).contains("key"))
        }
        #expect(await closed.answer(to: head("/healthz")).status == .ok)
        for (name, wrong) in [
            ("Authorization", "Bearer nokey"), ("Authorization", "Basic key"),
            ("Authorization", "key"),
            ("Cookie", "tern=nokey"), ("Cookie", "other=key"), ("Cookie", "xtern=key"),
            ("Cookie", "tern="),
        ] {
            let headers = [("Host", "localhost"), (name, wrong)]
            #expect(await closed.answer(to: head("/", .GET, headers)).status == .unauthorized)
        }
        for (name, right) in [
            ("Authorization", "Bearer key"), ("authorization", "bearer key"),
            ("Cookie", "tern=key"),
            ("Cookie", "a=b; tern=key"), ("Cookie", "tern=old; tern=key"),
        ] {
            let headers = [("Host", "localhost"), (name, right)]
            #expect(await closed.answer(to: head("/", .GET, headers)).status == .ok)
        }
    }

    @Test("to a link with the token set a cookie and redirect only to the start page")
    func link() async {
        let answer = await closed.answer(to: head("/runs/a/?token=key"))
        #expect(answer.status == .seeOther)
        #expect(value("Location", in: answer) == "/")
        #expect(value("Set-Cookie", in: answer) == "tern=key; Path=/; HttpOnly; SameSite=Strict")
        for wrong in ["no", "", "key%0D%0AX:y", "key%00"] {
            let answer = await closed.answer(to: head("/?token=\(wrong)"))
            #expect(answer.status == .unauthorized)
            #expect(value("Set-Cookie", in: answer) == nil)
        }
        // The host is checked first.
        let foreign = head("/?token=key", .GET, [("Host", "evil.example")])
        #expect(await closed.answer(to: foreign).status == .misdirectedRequest)
    }

    @Test("forbid scripts, frames and foreign content on every page")
    func headers() async {
        for uri in ["/", "/nothing", "/metrics", "/%"] {
            let headers = await open.answer(to: head(uri)).allHeaders(isKept: true)
            let policy = headers["Content-Security-Policy"].joined()
            #expect(policy.hasPrefix("default-src 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(headers["X-Content-Type-Options"] == ["nosniff"])
            #expect(headers["Cache-Control"] == ["no-store"])
            #expect(headers["X-Frame-Options"] == ["DENY"])
        }
    }

    @Test(
        "follow a run that replaces another, and drop a removed one",
        .timeLimit(.minutes(5)))
    func replaced() async throws {
        #expect(await open.answer(to: head("/runs/a/status.json")).status == .ok)
        try FileManager.default.removeItem(atPath: "\(path)/runs/a")
        // The library caches what it read recently.
        while await open.answer(to: head("/runs/a/status.json")).status == .ok {}
        #expect(await open.answer(to: head("/runs/a/status.json")).status == .notFound)
        try SimulatedRun(workers: 2, steps: 40).write(to: "\(path)/runs/a")
        let json = text(await open.answer(to: head("/runs/a/status.json")))
        #expect(json.contains("\"step\":40"))
    }

    @Test("cover a single run if the folder is that run's own")
    func oneRun() async throws {
        let library = try RunLibrary("\(path)/secret")
        let routes = Routes(library: library, access: Access(token: nil, names: []))
        for uri in ["/", "/events", "/status.json", "/compare", "/metrics"] {
            #expect(await routes.answer(to: head(uri)).status == .ok, "\(uri)")
        }
        for uri in ["/runs/secret/", "/runs/a/", "/nothing"] {
            #expect(await routes.answer(to: head(uri)).status == .notFound, "\(uri)")
        }
    }
}
