import DataParallel
import Testing

@Suite("The requests to a member") struct RequestsTests {
    private let none = SlotSet()

    private func slots(_ range: Range<Int>) -> SlotSet { SlotSet(range) }

    private func asked(_ range: Range<Int>, step: Int = 0, at now: Duration = .zero) -> Requests {
        var requests = Requests(now: .zero)
        requests.begin(step: step, empty: none)
        requests.ask(slots(range), sums: range.count, now: now)
        return requests
    }

    @Test("are open until they are answered, in any order")
    func answers() {
        var requests = asked(0..<4)
        #expect(requests.isOne)
        requests.ask(slots(6..<8), sums: 2, now: .seconds(1))
        #expect(!requests.isOne && requests.askedAt == .seconds(1) && requests.mostSums == 6)
        requests.answer(6..<8)
        #expect(requests.owed(to: 0) == slots(0..<4))
        #expect(requests.owed(to: 1) == nil)
        requests.answer(0..<4)
        #expect(requests.owed.isEmpty)
        #expect(requests.asked(in: 0) == slots(0..<4).union(slots(6..<8)))
    }

    @Test("are released if their step ends without them, but only once, and not if they are late")
    func superseded() {
        var requests = asked(0..<4)
        requests.supersede(by: 1, lateAfter: .seconds(1), now: .seconds(2))
        #expect(!requests.owed.isEmpty, "it is late")
        requests.supersede(by: 1, lateAfter: .seconds(1), now: .zero)
        #expect(requests.owed.isEmpty)
        #expect(requests.asked(in: 0) == slots(0..<4), "a copy may come")
        requests.begin(step: 1, empty: none)
        requests.ask(slots(0..<2), sums: 2, now: .zero)
        #expect(requests.asked(in: 0) == slots(0..<4))
        requests.supersede(by: 2, lateAfter: .seconds(1), now: .zero)
        #expect(!requests.owed.isEmpty, "it has not answered since")
        requests.forgetSuperseded()
        requests.supersede(by: 2, lateAfter: .seconds(1), now: .zero)
        #expect(requests.owed.isEmpty)
    }

    @Test("are void if the run goes back, and as many outdated sums may still arrive")
    func void() {
        var requests = asked(0..<3)
        requests.void()
        #expect(requests.owed.isEmpty && requests.asked(in: 0) == nil)
        #expect((0..<9).prefix { _ in requests.takeOutdated() }.count == 3)
        var idle = asked(0..<3)
        idle.answer(0..<3)
        idle.void()
        #expect(idle.takeOutdated() == false)
    }

    @Test("have room while no other step's answers are missing")
    func room() {
        let requests = asked(0..<3, step: 4)
        #expect(requests.hasRoom(in: 4))
        #expect(!requests.hasRoom(in: 5))
    }

    @Test("are not late for the time in which the coordinator was suspended")
    func forgiveness() {
        var requests = asked(0..<3, at: .seconds(1))
        requests.forgive(.seconds(5), now: .seconds(9))
        #expect(requests.askedAt == .seconds(6))
        requests.forgive(.seconds(5), now: .seconds(9))
        #expect(requests.askedAt == .seconds(9))
    }
}
