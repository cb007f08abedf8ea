import Monitoring
import Reduction
import RunEvents
import Testing

@Suite("Numbers as text") struct NumberTextTests {
    @Test("show the digits of a whole number of tenths, hundredths or thousandths")
    func fixedDigits() {
        for number in (0...2000).map({ $0 * $0 * 37 }) {
            for (decimals, scale) in [(1, 10), (2, 100), (3, 1000)] {
                let fraction = String(number % scale + scale).dropFirst()
                let text = "\(number / scale).\(fraction)"
                #expect(fixed(Double(number) / Double(scale), decimals) == text)
                let sign = number > 0 ? "-" : ""
                #expect(fixed(-Double(number) / Double(scale), decimals) == sign + text)
            }
        }
    }

    @Test("have a fixed number of decimals")
    func fixedDecimals() {
        #expect(fixed(0.43214, 4) == "0.4321")
        #expect(fixed(0.00005, 4) == "0.0001")
        #expect(fixed(-1.5, 1) == "-1.5")
        #expect(fixed(-0.001, 2) == "0.00")
        #expect(fixed(12, 0) == "12")
        #expect(fixed(1e31, 4) == "1e+31")
        #expect(fixed(.nan, 2) == "nan")
    }

    @Test("appear as percentages, with grouped digits, and as clock times")
    func others() {
        #expect(percent(0.875) == "87.50%")
        #expect(grouped(1_234_567.8) == "1,234,568")
        #expect(grouped(999) == "999")
        #expect(clockText(seconds: 42.4) == "0:42")
        #expect(clockText(seconds: 3723) == "1:02:03")
    }
}

@Suite("The log uses the words of PyTorch's tutorials for") struct EventTextTests {
    private let tally = Tally(examples: 128, correct: 112, loss: 55.3088)

    @Test("a step")
    func step() {
        let report = StepReport(
            epoch: 1, epochs: 10, stepInEpoch: 100, stepsPerEpoch: 469, step: 100, tally: tally,
            learningRate: 0.001, seconds: 1, positions: 0..<128, weights: .none)
        #expect(
            RunEvent.step(report).text?.message
                == "Epoch [1/10], Step [100/469], Loss: 0.4321, Accuracy: 87.50%")
    }

    @Test("an epoch")
    func epoch() {
        let report = EpochReport(
            epoch: 2, epochs: 10, step: 938, train: tally, test: tally, seconds: 9,
            examplesPerSecond: 23456.7)
        #expect(
            RunEvent.epoch(report).text?.message
                == "Epoch [2/10] done: train loss 0.4321, accuracy 87.50%; test loss 0.4321, "
                + "accuracy 87.50%; 23,457 examples/s")
    }

    private let owed = OwedWork(
        step: 813, shards: [1, 9, 5], seconds: 0.016, helpers: ["node4:22", "node5:7"])

    @Test("a worker that left: its pending work, the wait, and who computes it now")
    func gone() {
        func text(_ owed: OwedWork?) -> String? {
            RunEvent.left(worker: "node3:4711", reason: "it hangs", members: 2, owed: owed)
                .text?.message
        }
        #expect(
            text(owed)
                == "worker node3:4711 left: it hangs; 2 here; step 813 has waited 0.02 s for shards "
                + "1 9 5, which node4:22 node5:7 compute now")
        #expect(text(nil) == "worker node3:4711 left: it hangs; 2 here")
        let none = OwedWork(step: 813, shards: [], seconds: 1, helpers: [])
        #expect(text(none)?.hasSuffix("2 here; step 813 needs nothing from it") == true)
    }

    @Test("a late worker: its state and who helps it")
    func late() {
        func text(_ owed: OwedWork) -> String? {
            RunEvent.late(worker: "node3:4711", state: "silent for 0.1 s", owed, times: 1)
                .text?.message
        }
        #expect(
            text(owed)
                == "worker node3:4711 is late: silent for 0.1 s; step 813 has waited 0.02 s for "
                + "shards 1 9 5, which node4:22 node5:7 compute too")
        let alone = OwedWork(step: 813, shards: [9], seconds: 6, helpers: [])
        #expect(
            text(alone)?.hasSuffix(
                "has waited 6.00 s for shard 9, and no worker is idle to compute it too") == true)
    }

    @Test("a worker that is too slow, one that is not ready, and one with a possible accomplice")
    func troubles() {
        func text(_ event: RunEvent) -> String? { event.text?.message }
        #expect(
            text(.standingBy(worker: "node3:4711", seconds: 0.0974, usual: 0.0023))
                == "worker node3:4711 stands by: its answers take 97.4 ms, those of others 2.3 ms")
        #expect(
            text(.beginningWithout(workers: ["a:1", "b:2"], seconds: 30.4))
                == "beginning without a:1, b:2: not ready 30 s after enough others were")
        #expect(
            text(.confirmedByWorkers(worker: "node3:4711", step: 12))
                == "since step 12, worker node3:4711 and one other alone agreed on sums: they are "
                + "wrong only if both lie")
    }

    @Test("a flood of bad messages: ten lines, then one each time their number doubles")
    func flood() {
        let told = (1...3000).filter {
            RunEvent.dropped(peer: "x", reason: "y", total: $0).text != nil
        }
        #expect(told == Array(1...10) + [16, 32, 64, 128, 256, 512, 1024, 2048])
    }
}
