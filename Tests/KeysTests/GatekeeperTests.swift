import Hashing
import Keys
import Testing
import ZeroMQ

@Suite("A gatekeeper") struct GatekeeperTests {
    private func worker(_ text: String, isShared: Bool = false) throws -> (AllowedWorker, [UInt8]) {
        try withFolder { folder in
            let key = try CoordinatorKey.make(at: "\(folder)/key")
            let credential = try WorkerCredential(name(text), for: key)
            let publicKey = credential.publicKey
            let digits = try #require(bytes(ofHexadecimal: Array(publicKey.description.utf8)))
            return (
                AllowedWorker(
                    name: credential.name, publicKey: publicKey, isShared: isShared), digits
            )
        }
    }

    @Test("admits the workers on the list under their names, and nobody else")
    func admits() throws {
        let (known, key) = try worker("a")
        let (_, strange) = try worker("a")
        let keeper = Gatekeeper(AllowList([known]))
        #expect(keeper.decide(key) == .admit(known.user))
        #expect(keeper.decide(strange) == .refuse)
        #expect(keeper.decide([]) == .refuse)
        #expect(keeper.worker(user: known.user) == known)
        #expect(keeper.worker(user: "a") == nil)
    }

    @Test("rejects workers that a new list removes, and names with another key")
    func update() throws {
        let (first, firstKey) = try worker("a")
        let (second, secondKey) = try worker("b")
        let (renewed, renewedKey) = try worker("a")
        let keeper = Gatekeeper(AllowList([first, second]))
        #expect(keeper.update(AllowList([second, renewed])) == [first])
        #expect(keeper.decide(firstKey) == .refuse)
        #expect(keeper.worker(user: first.user) == nil)
        #expect(keeper.decide(renewedKey) == .admit(renewed.user))
        #expect(keeper.decide(secondKey) == .admit(second.user))
    }

    @Test("limits the connections of each credential, shared or not")
    func rates() throws {
        let (first, firstKey) = try worker("a")
        let (_, unknownKey) = try worker("b")
        let (pool, poolKey) = try worker("pool", isShared: true)
        let keeper = Gatekeeper(AllowList([first, pool]))
        func admissions(_ key: [UInt8]) -> Int {
            (0..<4000).count { _ in keeper.decide(key) != .refuseForNow }
        }
        // If the test takes seconds, more are admitted.
        #expect((16...30).contains(admissions(firstKey)))
        #expect((2048...2100).contains(admissions(poolKey)))
        #expect(keeper.decide(unknownKey) == .refuse)
    }
}
