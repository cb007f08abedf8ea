import Testing
import Training

@Suite("The record's lines")
struct StepRecordTests {
    private static let samples = [
        StepRecord(step: 1, epoch: 1, positions: 0..<128, weights: 0x8a5d_e61f_0c7b_9e42),
        StepRecord(step: 470, epoch: 2, positions: 0..<128, weights: 0),
        StepRecord(step: 469, epoch: 1, positions: 59_904..<60_000, weights: .max),
        StepRecord(step: 1 << 52, epoch: 1_000_000, positions: 0..<1 << 30, weights: 0xf),
    ]

    private func line(_ record: StepRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        record.append(to: &bytes)
        return bytes
    }

    @Test("have the form that is documented")
    func form() {
        #expect(
            String(decoding: StepRecord.heading, as: UTF8.self) == "step,epoch,first,end,weights")
        let lines = Self.samples.prefix(3).flatMap(line)
        #expect(
            String(decoding: lines, as: UTF8.self) == """
                1,1,0,128,8a5de61f0c7b9e42
                470,2,0,128,0000000000000000
                469,1,59904,60000,ffffffffffffffff

                """)
    }

    @Test("are read back as they were written", arguments: samples)
    func roundTrip(record: StepRecord) {
        #expect(StepRecord(parsing: line(record).dropLast()) == record)
    }

    @Test(
        "are read in no other form",
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
        #expect(StepRecord(parsing: Array(text.utf8)[...]) == nil)
    }

    @Test("with one byte changed are another step's or none, and never crash the reader")
    func changedBytes() {
        let original = Self.samples[2]
        let bytes = Array(line(original).dropLast())
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                guard let record = StepRecord(parsing: changed[...]) else { continue }
                #expect(record != original)
                #expect(Array(line(record).dropLast()) == changed)
            }
        }
    }
}
