/// The text with a `?` for each control character.
///
/// A text from elsewhere, such as a peer's name, must neither forge a line nor steer the terminal.
public func oneLine(_ text: String) -> String {
    func isControl(_ character: Character) -> Bool {
        character.isNewline
            || character.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
    return String(text.map { isControl($0) ? "?" : $0 })
}
