import Monitoring
import Testing

@Suite("A text table") struct TextTableTests {
    @Test("aligns the first column left and the others right, as wide as needed")
    func columns() {
        var table = TextTable("phase", "us", "share")
        table.add("forward", "1234.5", "40%")
        table.add("loss", "6", "-")
        #expect(
            table.text == """
                phase        us  share
                forward  1234.5    40%
                loss          6      -
                """)
    }

    @Test("without rows is its headings")
    func empty() { #expect(TextTable("a", "b").text == "a  b") }
}
