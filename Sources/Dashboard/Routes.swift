import Files
import FoundationEssentials
import Monitoring
import NIOHTTP1
import Watching

/// The monitor's responses by URL.
package struct Routes: Sendable {
    let library: RunLibrary
    let access: Access

    /// Responses about the runs of a library, for readers with access.
    package init(library: RunLibrary, access: Access) {
        self.library = library
        self.access = access
    }

    /// The response to a request.
    package func answer(to head: HTTPRequestHead) async -> Answer {
        guard head.method == .GET || head.method == .HEAD else {
            var answer = Answer.refusal(.methodNotAllowed, "only GET and HEAD are answered")
            answer.headers.append(("Allow", "GET, HEAD"))
            return answer
        }
        let hosts = head.headers["host"]
        guard hosts.count == 1, access.isOwn(host: hosts[0]) else {
            return .refusal(
                .misdirectedRequest,
                "this server does not go by that name: call it by its address, or start it with --host NAME"
            )
        }
        guard let target = Target(head.uri) else {
            return .refusal(.badRequest, "the address is malformed")
        }
        // This needs no token, because it reveals nothing and health checks have no token.
        if target.path == ["healthz"] { return .text("ok\n") }
        if let entry = entry(target) { return entry }
        guard isAllowed(head) else {
            var answer = Answer.refusal(
                .unauthorized,
                "a token is needed: open the link that tern monitor has printed, or send Authorization: Bearer TOKEN"
            )
            answer.headers.append(("WWW-Authenticate", "Bearer"))
            return answer
        }
        return await answer(to: target)
    }

    /// Redirects a link with the token to the same page, with the token in a cookie.
    private func entry(_ target: Target) -> Answer? {
        guard access.token != nil, let secret = target.values(of: "token").first else { return nil }
        guard access.isRight(secret) else { return .refusal(.unauthorized, "the token is wrong") }
        var answer = Answer.refusal(.seeOther, "see the page")
        answer.headers = [
            ("Location", "/"),
            ("Set-Cookie", "tern=\(secret); Path=/; HttpOnly; SameSite=Strict"),
        ]
        return answer
    }

    private func isAllowed(_ head: HTTPRequestHead) -> Bool {
        guard access.token != nil else { return true }
        let cookies = head.headers["cookie"].flatMap { $0.split(separator: ";") }
            .map { $0.trimmingPrefix(while: { $0 == " " }) }
            .filter { $0.hasPrefix("tern=") }.map { $0.dropFirst("tern=".count) }
        let bearers = head.headers["authorization"].filter { $0.lowercased().hasPrefix("bearer ") }
            .map { $0.dropFirst("bearer ".count) }
        return (cookies + bearers).contains { access.isRight($0) }
    }

    private func answer(to target: Target) async -> Answer {
        switch target.path {
        case ["style.css"]: return .text(Self.style, type: "text/css; charset=utf-8")
        case ["page.js"]: return .text(Self.script, type: "text/javascript; charset=utf-8")
        case ["metrics"]:
            return .text(
                PrometheusText.text(await library.scraped()),
                type: "text/plain; version=0.0.4; charset=utf-8")
        case ["compare"]: return await comparison(target)
        case ["compare", "events"]:
            return await stream(.comparison(target.values(of: "run")))
        default: break
        }
        if let name = library.onlyRun { return await run(name, target.path, hasList: false) }
        if target.path.isEmpty {
            return .page(Pages.list(await library.glances(), folder: library.path))
        }
        if target.path == ["events"] { return await stream(.list) }
        if target.path == ["status.json"] { return await listStatus() }
        guard target.path.count >= 2, target.path[0] == "runs" else { return Self.nothing }
        return await run(target.path[1], Array(target.path.dropFirst(2)), hasList: true)
    }

    private func run(_ name: String, _ rest: [String], hasList: Bool) async -> Answer {
        guard let view = await library.view(of: name) else { return Self.nothing }
        switch rest {
        case []:
            let events = hasList ? "/runs/\(pathSegment(name))/events" : "/events"
            return .page(Pages.run(view, events: events, hasList: hasList))
        case ["events"]: return await stream(.run(name))
        case ["status.json"]:
            return .text(
                jsonText(RunStatus(view), isSnakeCase: true) + "\n", type: "application/json")
        default: return Self.nothing
        }
    }

    private func listStatus() async -> Answer {
        let all = await library.glances().map { RunStatus($0.view) }
        return .text(jsonText(all, isSnakeCase: true) + "\n", type: "application/json")
    }

    private func comparison(_ target: Target) async -> Answer {
        var names = target.values(of: "run")
        if let only = library.onlyRun { names = [only] }
        guard (1...ComparePage.mostRuns).contains(names.count) else {
            return .refusal(
                .badRequest,
                "choose from 1 to \(ComparePage.mostRuns) runs to compare, not \(names.count)")
        }
        var views: [RunView] = []
        for name in names {
            guard let view = await library.view(of: name) else { return Self.nothing }
            views.append(view)
        }
        let query = names.map { "run=\(pathSegment($0))" }.joined(separator: "&")
        return .page(Pages.compare(views, events: "/compare/events?\(query)"))
    }

    private func stream(_ subject: RunLibrary.Subject) async -> Answer {
        switch subject {
        case .comparison(let names):
            guard (1...ComparePage.mostRuns).contains(names.count) else { return Self.nothing }
        case .run(let name):
            guard await library.view(of: name) != nil else { return Self.nothing }
        case .list: break
        }
        return Answer(type: "text/event-stream", stream: subject)
    }

    private static let nothing = Answer.refusal(.notFound, "there is nothing at this address")
    private static let style = String(decoding: PackageResources.style_css, as: UTF8.self)
    private static let script = String(decoding: PackageResources.page_js, as: UTF8.self)
}

/// The path and query of a URL.
package struct Target {
    /// The segments of the path, decoded.
    package let path: [String]
    private let query: [(name: String, value: String)]

    /// Parses a URL; nil if it is malformed.
    package init?(_ uri: String) {
        guard uri.hasPrefix("/") else { return nil }
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for segment in parts[0].split(separator: "/") {
            guard let text = Self.decoded(segment) else { return nil }
            path.append(text)
        }
        var query: [(String, String)] = []
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1] : ""
            guard let name = Self.decoded(sides[0]),
                let text = Self.decoded(Substring(value.replacing("+", with: " ")))
            else { return nil }
            query.append((name, text))
        }
        (self.path, self.query) = (path, query)
    }

    /// The query's values for a name.
    package func values(of name: String) -> [String] {
        query.filter { $0.name == name }.map(\.value)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
