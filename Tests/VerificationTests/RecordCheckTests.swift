import KernelInterface
import Reduction
import RunFolder
import Testing
import Verification

@Suite("The check of a record")
struct RecordCheckTests {
    /// 11 steps an epoch; the last one has 3 examples.
    private static let plan = BatchPlan(examples: 1_003, batchSize: 100, shards: 16)
    private static let epochs = 2

    /// The lines of a complete run.
    private static let sound = (0..<epochs * plan.stepsPerEpoch).map { step in
        StepRecord(
            step: step + 1, epoch: plan.epoch(ofStep: step) + 1,
            positions: plan.positions(ofStep: step),
            weights: RecordFormat.sha256.sum(of: FloatBuffer([Float(step)])))
    }.map(text)

    private static func text(_ record: StepRecord) -> String {
        var bytes: [UInt8] = []
        record.append(to: &bytes)
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// The finding of the check for these lines, and the number of steps accepted before it.
    private func check(_ lines: [String]) -> (finding: Finding?, steps: Int) {
        var check = RecordCheck("steps.csv", plan: Self.plan, epochs: Self.epochs, .sha256)
        do throws(Finding) {
            for line in lines { _ = try check.take(Array(line.utf8)[...]) }
        } catch {
            return (error, check.steps)
        }
        return (nil, check.steps)
    }

    /// Expects a fault at a step, after all earlier steps passed.
    private func expect(
        _ lines: [String], fault step: Int, _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (finding, steps) = check(lines)
        #expect(finding?.step == step, sourceLocation: sourceLocation)
        #expect(finding?.message == "steps.csv: \(message)", sourceLocation: sourceLocation)
        #expect(steps == step - 1, sourceLocation: sourceLocation)
    }

    @Test("accepts a complete run, and the beginning of one")
    func whole() {
        for count in 0...Self.sound.count {
            let result = check(Array(Self.sound.prefix(count)))
            #expect(result.finding == nil && result.steps == count)
        }
    }

    @Test("names missing steps", arguments: [1, 7, 11, 12, 21])
    func missing(step: Int) {
        var lines = Self.sound
        lines.remove(at: step - 1)
        expect(
            lines, fault: step,
            "step \(step) is missing: line \(step + 1) records step \(step + 1)")
        lines.removeSubrange(step - 1..<min(step + 1, lines.count))
        guard step < 20 else { return }
        expect(
            lines, fault: step,
            "steps \(step) to \(step + 2) are missing: line \(step + 1) records step \(step + 3)")
    }

    @Test("names a repeated step", arguments: [1, 7, 11, 22])
    func twice(step: Int) {
        var lines = Self.sound
        lines.insert(lines[step - 1], at: step)
        guard step < 22 else {
            return expect(
                lines, fault: 23, "it continues to step 23, but the run has only 22 steps")
        }
        expect(
            lines, fault: step + 1,
            "line \(step + 2) repeats step \(step) where step \(step + 1) should be")
    }

    @Test("names swapped steps")
    func swapped() {
        var lines = Self.sound
        lines.swapAt(4, 5)
        expect(lines, fault: 5, "step 5 is missing: line 6 records step 6")
    }

    @Test("names a step in the wrong epoch")
    func epoch() {
        var lines = Self.sound
        lines[11] = lines[11].replacing("12,2,", with: "12,1,")
        expect(lines, fault: 12, "step 12 is recorded in epoch 1, but belongs to epoch 2")
    }

    @Test("names a step with wrong or no positions")
    func positions() {
        for (changed, used) in [
            ("100,201", "100 to 200"), ("99,200", "99 to 199"), ("200,300", "200 to 299"),
            ("100,100", "from 100 on, none,"),
        ] {
            var lines = Self.sound
            lines[1] = lines[1].replacing("100,200", with: changed)
            expect(
                lines, fault: 2,
                "step 2 used the positions \(used) of epoch 1 instead of 100 to 199, so not "
                    + "every position was used exactly once")
        }
    }

    @Test("names the step whose line is garbage, truncated or empty")
    func garbage() {
        for line in ["", "garbage", "\u{1b}[2J", String(Self.sound[4].dropLast())] {
            var lines = Self.sound
            lines[4] = line
            expect(lines, fault: 5, "line 6 should record step 5, but is not a valid line")
        }
    }

    @Test("detects any changed byte, except in the weights, which only a replay can check")
    func changedBytes() {
        for step in [1, 2, 11, 12, 22] {
            let line = Array(Self.sound[step - 1].utf8)
            for index in line.indices {
                for byte in "0123456789abcdef,-\n".utf8 where byte != line[index] {
                    var changed = line
                    changed[index] = byte
                    var lines = Self.sound
                    lines[step - 1] = String(decoding: changed, as: UTF8.self)
                    let isOfWeights = index >= line.count - 64
                    let isDigit = byte != UInt8(ascii: ",") && byte != 45 && byte != 10
                    #expect((check(lines).finding == nil) == (isOfWeights && isDigit))
                }
            }
        }
    }
}
