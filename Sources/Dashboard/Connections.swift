import NIOCore

/// The connections of a server, which are only so many: where a new one has no place, the one that has kept the
/// server waiting for longest loses its own.
///
/// It belongs to one event loop.
final class Connections {
    /// The most connections at a time.
    static let most = 200

    private struct Connection {
        let channel: any Channel
        /// Whether it has sent no whole request since the last answer.
        var isIdle = true
        let number: Int
    }

    private var connections: [ObjectIdentifier: Connection] = [:]
    private var count = 0

    /// Takes a connection in; whether there is a place for it.
    func add(_ channel: any Channel) -> Bool {
        if connections.count >= Self.most {
            guard
                let idle = connections.filter({ $0.value.isIdle })
                    .min(by: { $0.value.number < $1.value.number })
            else { return false }
            connections[idle.key] = nil
            idle.value.channel.close(promise: nil)
        }
        count += 1
        connections[ObjectIdentifier(channel)] = Connection(channel: channel, number: count)
        return true
    }

    /// A connection has sent a request, or was answered.
    func set(_ channel: any Channel, isIdle: Bool) {
        connections[ObjectIdentifier(channel)]?.isIdle = isIdle
    }

    /// A connection has ended.
    func remove(_ channel: any Channel) { connections[ObjectIdentifier(channel)] = nil }
}
