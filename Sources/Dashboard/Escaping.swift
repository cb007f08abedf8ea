/// A text escaped for HTML content and quoted attributes.
///
/// Iterates over scalars: a quote with a combining mark is another character, but still ends an
/// attribute.
package func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { special.contains($0) }) else { return text }
    var html = ""
    html.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": html += "&amp;"
        case "<": html += "&lt;"
        case ">": html += "&gt;"
        case "\"": html += "&quot;"
        case "'": html += "&#39;"
        default: html.unicodeScalars.append(scalar)
        }
    }
    return html
}

private let special: Set<UInt8> = Set("&<>\"'".utf8)
