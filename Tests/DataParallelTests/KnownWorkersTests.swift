import DataParallel
import Keys
import Protocol
import Randomness
import Testing

private func identity(_ number: Int) -> WorkerIdentity {
    let digits = String(number, radix: 16)
    let secret = String(repeating: "0", count: 32 - digits.count) + digits
    return WorkerIdentity(
        nil, Hello(host: "", pid: 1, lanes: 1, kernels: "", identity: secret), connection: 0)
}

@Suite("The memory of known workers") struct KnownWorkersTests {
    @Test("is bounded, and forgetting a worker never raises the trust in it", arguments: 0..<4)
    func generated(seed: Int) {
        var random = Philox(seed: UInt64(seed), for: "known workers")
        var known = KnownWorkers()
        /// The ground truth: the connections, and the step since which a worker's sums are unchecked.
        var present: [Int: Int] = [:]
        var unchecked: [Int: Int] = [:]
        var strikes: [Int: Int] = [:]
        var step = 0
        var hasForgotten = false
        for _ in 0..<20_000 {
            let worker = random.below(3000)
            switch random.below(8) {
            case 0, 1, 2:
                known.join(identity(worker))
                present[worker, default: 0] += 1
            case 3, 4, 5:
                guard let worker = present.keys.min(by: { $0 ^ step < $1 ^ step }) else { continue }
                known.leave(identity(worker))
                present[worker] = present[worker] == 1 ? nil : (present[worker] ?? 1) - 1
            case 6:
                step += 1
                for worker in present.keys where random.below(4) == 0 {
                    known.noteUnchecked(identity(worker), step: step)
                    unchecked[worker] = unchecked[worker] ?? step
                }
            default:
                guard let worker = present.keys.min(), random.below(20) == 0 else { continue }
                strikes[worker, default: 0] += 1
                let times = known.strike(identity(worker), step: step)
                #expect(times <= strikes[worker, default: 0])
                step = max(0, step - random.below(40))
                known.rewind(to: step)
                unchecked = unchecked.filter { $0.value < step }
            }
            #expect(known.count <= present.count + KnownWorkers.mostAbsent)
            hasForgotten = hasForgotten || known.count == present.count + KnownWorkers.mostAbsent
            guard let since = unchecked[worker], present[worker] != nil else { continue }
            let remembered = known.uncheckedSince(identity(worker))
            #expect(remembered.map { $0 <= since } == true, "it lied since \(since)")
        }
        #expect(hasForgotten)
    }

    @Test("keeps a ban longest, whoever joins and leaves")
    func banned() {
        var known = KnownWorkers()
        known.join(identity(0))
        _ = known.strike(identity(0), step: 3)
        _ = known.strike(identity(0), step: 5)
        known.ban(identity(0), reason: "no")
        known.leave(identity(0))
        for number in 1...5000 {
            known.join(identity(number))
            known.leave(identity(number))
        }
        #expect(known.count == KnownWorkers.mostAbsent)
        #expect(known.ban(of: identity(0)) == "no")
        #expect(known.ban(of: identity(5000)) == nil)
    }
}

@Suite("The name of a worker") struct WorkerNamesTests {
    private var names = WorkerNames()

    private mutating func name(
        _ number: Int, host: String = "vm", pid: Int = 1, credential: KeyName? = nil,
        taken: Set<String> = []
    ) -> String {
        names.name(
            Hello(host: host, pid: pid, lanes: 1, kernels: ""), credential, identity(number),
            taken: taken)
    }

    @Test("gets an id if another worker had it before, and differs between copies of one")
    mutating func alike() {
        #expect(name(1) == "vm:1")
        #expect(name(1) == "vm:1", "the same again")
        let other = name(2)
        #expect(other.contains(/^vm:1#[0-9a-f]{6}$/))
        #expect(name(2) == other)
        #expect(name(2, pid: 2) == "vm:2")
        #expect(name(1, taken: ["vm:1"]) == "vm:1#2")
        #expect(name(1, taken: ["vm:1", "vm:1#2"]) == "vm:1#3")
    }

    @Test("begins with the credential that the worker has proved to own, if it needs one")
    mutating func credential() throws {
        let gpu = try #require(KeyName("gpu-1"))
        #expect(name(1, credential: gpu) == "gpu-1/vm:1")
        #expect(name(2) == "vm:1")
        #expect(name(3, host: "gpu-1/vm") != "gpu-1/vm:1", "a host cannot look like a credential")
    }

    @Test("cannot be forged to look like another's")
    mutating func forged() {
        let first = name(1)
        let second = name(2)
        #expect(name(3, host: String(second.dropLast(1)), pid: 1) != second)
        #expect(name(3, host: "vm:1 left: x") == "vm_1_left__x:1")
        #expect(first == "vm:1")
    }

    @Test("is never another worker's, and the table of names is bounded")
    mutating func bounded() {
        var given: [String: Int] = [:]
        for number in 0..<3000 {
            let name = name(number, pid: number % 3)
            #expect(given.updateValue(number, forKey: name) == nil)
        }
        for number in 3000..<20_000 { _ = name(number, pid: number) }
        #expect(names.count <= WorkerNames.most)
    }
}
