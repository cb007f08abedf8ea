import Foundation
import Randomness
import Testing

/// A changed label draws other numbers, so that older runs could not be repeated or resumed.
///
/// The names of tensors are labels too; the fixtures from PyTorch check those.
@Suite("The label of a stream") struct LabelTests {
    private static let firstNumbers: [String: UInt64] = [
        "shards": 0x94C7_F7D7_3F20_F93A,
        "epoch": 0x5511_7620_14B3_578C,
        "dropout": 0xB293_4D16_E95A_0BF8,
        "permuted pixels": 0xE7E8_1DAC_D45F_DACB,
        "audit": 0x94DE_2A02_E933_0CFD,
        "recheck": 0x001D_20F5_238F_5CB8,
        "auditor": 0x9565_3891_1671_BE96,
        "benchmark images": 0xA286_0526_AC8C_6A8B,
        "benchmark examples": 0x4490_BA96_D99B_8964,
    ]

    @Test("always gives the same numbers", arguments: firstNumbers)
    func numbers(label: String, first: UInt64) {
        var random = Philox(seed: 1, for: label)
        #expect(random.next() == first)
    }

    @Test("is listed in this test exactly if it is in use")
    func inUse() throws {
        let sources = URL(filePath: #filePath).appending(path: "../../../Sources").standardized
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        let text = try #require(files).compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for match in text.matches(of: /Philox\([^()]*for: "([^"]*)"/) {
            #expect(Self.firstNumbers[String(match.1)] != nil, "\(match.1)")
        }
        for label in Self.firstNumbers.keys { #expect(text.contains("\"\(label)\""), "\(label)") }
    }
}
