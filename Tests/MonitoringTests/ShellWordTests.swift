import Foundation
import Monitoring
import Testing

@Suite("Words for a shell")
struct ShellWordTests {
    private static let words = [
        "plain", "", "two words", "it's", "'", "'\u{301}; touch broken; '",
        "\"\u{301}$(touch broken)",
        "\\", "a\nb", "$HOME", "`id`", "*", "~", "#", "-n", "é", "'\u{200D}'x",
    ]

    @Test("are read back by a shell unchanged", arguments: words)
    func roundTrip(word: String) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", "printf %s \(shellWord(word))"]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        #expect(Array(bytes) == Array(word.utf8))
    }
}
