import Keys
import Protocol

/// The workers' names in the log and the record: the credential, if required, the host and process, and a short
/// id if two would be equal.
///
/// Two identities never have the same name, unless thousands of workers have joined between them.
package struct WorkerNames: Sendable {
    /// The most names that are remembered beyond those of members.
    package static let most = 4096

    private var owners: [String: WorkerIdentity] = [:]
    /// The names in the order in which they were first assigned.
    private var inOrder: [String] = []

    package init() {}

    /// How many are remembered.
    package var count: Int { owners.count }

    /// Names a worker that sent a hello.
    ///
    /// - Parameters:
    ///   - credential: the credential that it proved to hold; nil if none is required.
    ///   - taken: the names of the current members; one may belong to a copy of the same identity.
    package mutating func name(
        _ hello: Hello, _ credential: KeyName?, _ identity: WorkerIdentity, taken: Set<String>
    ) -> String {
        let place = "\(hello.host):\(hello.pid)"
        let plain = credential.map { "\($0)/\(place)" } ?? place
        let names = [plain] + (6...64).map { "\(plain)#\(identity.shortForm(digits: $0))" }
        let own = names.first { owners[$0] == nil || owners[$0] == identity } ?? plain
        remember(own, of: identity, taken: taken)
        let copies = (2...(taken.count + 2)).lazy.map { "\(own)#\($0)" }
        return taken.contains(own) ? copies.first { !taken.contains($0) } ?? own : own
    }

    private mutating func remember(
        _ name: String, of identity: WorkerIdentity, taken: Set<String>
    ) {
        guard owners.updateValue(identity, forKey: name) == nil else { return }
        inOrder.append(name)
        guard inOrder.count > Self.most + taken.count,
            let oldest = inOrder.firstIndex(where: { !taken.contains($0) && $0 != name })
        else { return }
        owners[inOrder.remove(at: oldest)] = nil
    }
}
