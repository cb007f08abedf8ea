import Foundation
import Testing

/// The text and the faults that a strict reader finds in markup.
///
/// It reads the subset that Tern writes: tags, attributes in double quotes, and character references. Anything
/// else is a fault, such as a name that was not escaped.
struct Markup {
    /// The elements with their attributes, in order.
    private(set) var elements: [(name: String, attributes: [String: String])] = []
    /// All text, with references replaced.
    private(set) var text = ""
    /// Descriptions of the faults.
    private(set) var faults: [String] = []

    /// HTML elements without an end tag.
    private static let void: Set = ["meta", "link", "input", "img", "br"]
    /// Elements whose text is not markup.
    private static let raw: Set = ["script", "style"]

    private var rest: Substring.UnicodeScalarView
    private var open: [String] = []
    private let mayHaveControls: Bool

    /// Reads a piece of HTML, or of SVG.
    ///
    /// - Parameter controls: whether attribute values may hold control characters, as HTML allows.
    init(_ markup: String, controls: Bool = false) {
        rest = markup[...].unicodeScalars
        mayHaveControls = controls
        while faults.isEmpty, let scalar = rest.first {
            if scalar == "<" { readTag() } else { readText() }
        }
        if !open.isEmpty { faults.append("not closed: \(open)") }
    }

    private mutating func fault(_ words: String) {
        faults.append("\(words) before \(String(rest.prefix(80)).debugDescription)")
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func takeAll(_ isTaken: (Unicode.Scalar) -> Bool) -> String {
        let taken = rest.prefix(while: isTaken)
        rest = rest[taken.endIndex...]
        return String(taken)
    }

    private mutating func takeName() -> String {
        takeAll { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || "0123456789-:".unicodeScalars.contains(scalar))
        }
    }

    private mutating func readText() {
        let found = takeAll { $0 != "<" }
        text += decoded(found)
    }

    /// The text with its references replaced; any other `&`, and any `>`, is a fault.
    private mutating func decoded(_ text: String, controls: Bool = false) -> String {
        var decoded = String.UnicodeScalarView()
        var rest = text[...].unicodeScalars
        while let scalar = rest.popFirst() {
            if scalar == ">" || !controls && scalar.value < 0x20 && scalar != "\n" {
                faults.append("\(scalar.debugDescription) in \(text.debugDescription)")
            }
            guard scalar == "&" else {
                decoded.append(scalar)
                continue
            }
            let references: [(String, Unicode.Scalar)] = [
                ("amp;", "&"), ("lt;", "<"), ("gt;", ">"), ("quot;", "\""), ("#39;", "'"),
            ]
            guard let found = references.first(where: { rest.starts(with: $0.0.unicodeScalars) })
            else {
                faults.append("a bare & in \(text.debugDescription)")
                continue
            }
            rest = rest.dropFirst(found.0.unicodeScalars.count)
            decoded.append(found.1)
        }
        return String(decoded)
    }

    private mutating func readTag() {
        _ = take("<")
        if take("!doctype html>") { return }
        if take("/") {
            let name = takeName()
            guard take(">"), open.popLast() == name else { return fault("a wrong end of \(name)") }
            return
        }
        let name = takeName()
        guard !name.isEmpty else { return fault("a bare <") }
        var attributes: [String: String] = [:]
        while take(" ") {
            let attribute = takeName()
            guard !attribute.isEmpty, attributes[attribute] == nil else {
                return fault("a wrong attribute \(attribute) of \(name)")
            }
            attributes[attribute] = ""
            // An attribute without a value, such as "selected".
            guard take("=") else { continue }
            guard take("\"") else { return fault("an attribute without quotes") }
            let value = takeAll { $0 != "\"" && $0 != "<" }
            attributes[attribute] = decoded(value, controls: mayHaveControls)
            guard take("\"") else { return fault("a quote that does not end") }
        }
        elements.append((name, attributes))
        if take("/>") { return }
        guard take(">") else { return fault("a tag \(name) that does not end") }
        if Self.raw.contains(name) {
            while !rest.isEmpty, !rest.starts(with: "</\(name)>".unicodeScalars) {
                rest = rest.dropFirst()
            }
        }
        if !Self.void.contains(name) { open.append(name) }
    }

    /// The values of all attributes with a name.
    func values(of attribute: String) -> [String] {
        elements.compactMap { $0.attributes[attribute] }
    }
}

/// Expects that markup is well-formed, whatever names it contains.
func expectSound(
    _ markup: String, svg: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) {
    let read = Markup(markup)
    #expect(read.faults == [], sourceLocation: sourceLocation)
    let known: Set = [
        "html", "head", "meta", "title", "link", "script", "style", "body", "a", "main", "header",
        "h1",
        "h2", "h3", "span", "section", "div", "p", "dl", "dt", "dd", "table", "caption", "thead",
        "tbody",
        "tr", "th", "td", "ul", "ol", "li", "time", "strong", "figure", "label", "select", "option",
        "input",
        "button", "form", "details", "summary", "progress", "img", "svg", "line", "text",
        "polyline", "polygon",
        "circle", "rect", "figcaption",
    ]
    let names = Set(read.elements.map(\.name))
    #expect(names.subtracting(known) == [], sourceLocation: sourceLocation)
    let attributes = read.elements.flatMap { $0.attributes.keys }
    #expect(!attributes.contains { $0.hasPrefix("on") }, sourceLocation: sourceLocation)
    let ids = read.values(of: "id")
    #expect(ids.count == Set(ids).count, sourceLocation: sourceLocation)
    for address in read.values(of: "href") + read.values(of: "src") {
        let isOwn =
            address.hasPrefix("/") && !address.hasPrefix("//") || address.hasPrefix("#")
            || address.hasPrefix("data:")
        #expect(isOwn, "\(address)", sourceLocation: sourceLocation)
    }
    guard svg else { return }
    #expect(read.elements.first?.name == "svg", sourceLocation: sourceLocation)
    // XML forbids control characters, even as references.
    #expect(
        !markup.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{FFFE}" || $0 == "\u{FFFF}" },
        sourceLocation: sourceLocation)
}
