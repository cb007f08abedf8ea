import FoundationEssentials
import NIOHTTP1

/// The response to a request.
package struct Answer: Sendable {
    /// The HTTP status.
    package var status = HTTPResponseStatus.ok
    /// The body's content type.
    package var type = "text/html; charset=utf-8"
    /// The body.
    package var body: [UInt8] = []
    /// Additional headers.
    package var headers: [(name: String, value: String)] = []
    /// The subject to stream after the headers; nil for a response with an end.
    package var stream: RunLibrary.Subject?

    /// A response with a page.
    static func page(_ html: String) -> Answer { Answer(body: Array(html.utf8)) }

    /// A response with a text of another type.
    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Answer {
        Answer(type: type, body: Array(text.utf8))
    }

    /// A response with an error in one line.
    static func refusal(_ status: HTTPResponseStatus, _ reason: String) -> Answer {
        var answer = text("\(reason)\n")
        answer.status = status
        return answer
    }

    /// All headers of the response.
    ///
    /// - Parameter isKept: whether the connection stays open.
    package func allHeaders(isKept: Bool) -> HTTPHeaders {
        var all = HTTPHeaders([
            ("Content-Type", type), ("Cache-Control", "no-store"),
            ("Content-Security-Policy", Self.policy), ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Connection", isKept ? "keep-alive" : "close"),
        ])
        if stream == nil { all.add(name: "Content-Length", value: "\(body.count)") }
        for (name, value) in headers { all.add(name: name, value: value) }
        return all
    }

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}
