import DataParallel
import Keys
import Protocol
import Testing

@Suite("The roster of a run") struct RosterTests {
    private var roster = Roster<String>(shards: 8)

    private func hello(_ host: String = "host") -> Hello {
        Hello(host: host, pid: 1, lanes: 1, kernels: "avx2")
    }

    private mutating func join(
        _ peer: String, _ caller: AllowedWorker? = nil
    ) -> Roster<String>.Join {
        roster.join(peer, caller, hello(), now: .zero)
    }

    private func credential(_ name: String, isShared: Bool) throws -> AllowedWorker {
        AllowedWorker(
            name: try #require(KeyName(name)),
            publicKey: try #require(PublicKey(String(repeating: "8", count: 64))),
            isShared: isShared)
    }

    @Test("keeps the order of joining, also after others leave")
    mutating func places() {
        for peer in ["a", "b", "c"] { _ = join(peer) }
        #expect(roster.all.map(\.peer) == ["a", "b", "c"])
        #expect(roster.leave("b")?.peer == "b")
        #expect(roster.leave("b") == nil)
        #expect(["a", "b", "c"].map { roster.index(of: $0) } == [0, nil, 1])
        _ = join("b")
        #expect(roster.all.map(\.peer) == ["a", "c", "b"])
        #expect(roster.all.indices.allSatisfy { roster.index(of: roster[$0].peer) == $0 })
        #expect(roster.most == 3)
    }

    @Test("gives no two workers the same name, not even after one has left")
    mutating func names() {
        for peer in ["a", "b"] { _ = join(peer) }
        #expect(Set(roster.all.map(\.name)).count == 2)
        let name = roster[0].name
        _ = roster.leave("a")
        _ = join("c")
        #expect(!roster.all.map(\.name).contains(name))
    }

    @Test("takes a repeated hello for a member that is present")
    mutating func repeated() {
        _ = join("a")
        guard case .present = join("a") else {
            Issue.record("it has joined already")
            return
        }
        #expect(roster.count == 1)
    }

    @Test("lets a credential join once, and that of a pool often", arguments: [false, true])
    mutating func credentials(isShared: Bool) throws {
        let caller = try credential("gpu1", isShared: isShared)
        _ = join("a", caller)
        switch join("b", caller) {
        case .joined: #expect(isShared)
        case .ignored(let reason):
            #expect(!isShared)
            #expect(reason == "a hello of a second worker with the credential gpu1")
        default: Issue.record("it joins or is ignored")
        }
    }

    @Test("rejects a banned identity on any connection")
    mutating func banned() throws {
        let caller = try credential("gpu1", isShared: false)
        _ = join("a", caller)
        roster.known.ban(roster[0].identity, reason: "it lied")
        _ = roster.leave("a")
        guard case .banned(_, "it lied") = join("b", caller) else {
            Issue.record("it is banned")
            return
        }
        #expect(roster.count == 0)
    }

    @Test("remembers expelled peers in order until they join again or leave")
    mutating func expelled() {
        roster.expel(["c", "a", "b"])
        _ = join("a")
        _ = roster.leave("b")
        #expect(roster.expelled == ["c"])
        _ = roster.remove("c")
        #expect(roster.expelled == ["c"], "at the end of the run it is told again")
    }

    @Test("names a member without tokens once")
    mutating func overdrawn() {
        _ = join("a")
        roster.charge(Accounts.most, 0, now: .zero)
        #expect(roster.takeOverdrawn() == [])
        for _ in 0..<2 { roster.charge(1, 0, now: .zero) }
        #expect(roster.takeOverdrawn() == ["a"])
        #expect(roster.takeOverdrawn() == [])
    }

    @Test("counts dropped messages for each member, and together for all others")
    mutating func dropped() {
        for peer in ["a", "b"] { _ = join(peer) }
        #expect([0, 0, 1].map { roster.countDropped(of: $0) } == [1, 2, 1])
        #expect((0..<2).map { _ in roster.countDropped(of: nil) } == [1, 2])
    }
}
