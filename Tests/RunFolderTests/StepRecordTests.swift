import KernelInterface
import RunEvents
import RunFolder
import Testing

@Suite("The lines of a record")
struct StepRecordTests {
    /// SHA-256 and XXH3-64 of no weights.
    private static let sums: [RecordFormat: [UInt8]] = Dictionary(
        uniqueKeysWithValues: RecordFormat.allCases.map { ($0, $0.sum(of: StepWeights.none)) })

    static let samples: [(RecordFormat, StepRecord)] = RecordFormat.allCases.flatMap { format in
        let zeros = [UInt8](repeating: 0, count: format.byteCount)
        return [
            (1, 1, 0..<128, sums[format] ?? []), (470, 2, 0..<128, zeros),
            (469, 1, 59_904..<60_000, zeros.map { ~$0 }),
            (1 << 52, 1_000_000, 0..<1 << 30, zeros.dropLast() + [0xf]),
        ].map { (format, StepRecord(step: $0, epoch: $1, positions: $2, weights: $3)) }
    }

    private func line(_ record: StepRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        record.append(to: &bytes)
        return bytes
    }

    @Test("have the documented form")
    func form() {
        let headings = RecordFormat.allCases.map { String(decoding: $0.heading, as: UTF8.self) }
        #expect(
            headings == ["step,epoch,first,end,weights_sha256", "step,epoch,first,end,weights"])
        let lines = Self.samples[0...1].flatMap { line($0.1) } + line(Self.samples[4].1)
        #expect(
            String(decoding: lines, as: UTF8.self) == """
                1,1,0,128,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                470,2,0,128,0000000000000000000000000000000000000000000000000000000000000000
                1,1,0,128,2d06800538d394c2

                """)
    }

    @Test("have a format that only an exact heading selects", arguments: RecordFormat.allCases)
    func heading(format: RecordFormat) {
        #expect(RecordFormat(heading: format.heading[...]) == format)
        #expect(RecordFormat(heading: format.heading.dropLast()) == nil)
        #expect(RecordFormat(heading: (format.heading + [13])[...]) == nil)
    }

    @Test("have the checksum of the weights, in a buffer or a copy")
    func sums() {
        let buffer = FloatBuffer([1, -0.0, .nan])
        for format in RecordFormat.allCases {
            #expect(format.sum(of: StepWeights(copying: buffer)) == format.sum(of: buffer))
            #expect(format.sum(of: buffer) != format.sum(of: FloatBuffer([1, 0.0, .nan])))
        }
        #expect(
            RecordFormat.sha256.sum(of: buffer).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                .joined() == buffer.sha256)
    }

    @Test("read back unchanged, and in no other format", arguments: samples)
    func roundTrip(format: RecordFormat, record: StepRecord) {
        for other in RecordFormat.allCases {
            let read = StepRecord(parsing: line(record).dropLast(), other)
            #expect(read == (other == format ? record : nil))
        }
    }

    @Test(
        "are rejected in any other form",
        arguments: [
            "", ",,,,", "1,1,0,128", "1,1,0,128,8a5de61f0c7b9e42,", "1,1,0,128,8a5de61f0c7b9e4",
            "01,1,0,128,8a5de61f0c7b9e42", "+1,1,0,128,8a5de61f0c7b9e42",
            "-1,1,0,128,8a5de61f0c7b9e42", "1 ,1,0,128,8a5de61f0c7b9e42",
            "1,1,0,128,8A5DE61F0C7B9E42", "1,1,0,128,08a5de61f0c7b9e42",
            "1,1,0,128,8a5de61f0c7b9e4g", "a,1,0,128,8a5de61f0c7b9e42",
            "1,1,128,0,8a5de61f0c7b9e42", "1,1,0,128,8a5de61f0c7b9e42\r",
            "9223372036854775808,1,0,128,8a5de61f0c7b9e42",
            "99999999999999999999,1,0,128,8a5de61f0c7b9e42", "step,epoch,first,end,weights",
            "1;1;0;128;8a5de61f0c7b9e42", "1,1,0,128,\u{0}\u{1}\u{ff}", "1,1,0,128,",
        ])
    func otherForms(text: String) {
        for format in RecordFormat.allCases {
            #expect(StepRecord(parsing: Array(text.utf8)[...], format) == nil)
        }
    }

    @Test("with one changed byte are another step's or rejected, and never crash the reader")
    func changedBytes() {
        let (format, original) = Self.samples[2]
        let bytes = Array(line(original).dropLast())
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                guard let record = StepRecord(parsing: changed[...], format) else { continue }
                #expect(record != original)
                #expect(Array(line(record).dropLast()) == changed)
            }
        }
    }
}
