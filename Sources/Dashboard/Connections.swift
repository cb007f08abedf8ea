import NIOCore

/// A server's connections, whose number is limited.
///
/// Beyond the limit, a new connection replaces the idle one that was opened first.
///
/// One event loop owns it.
final class Connections {
    /// The maximum number of connections.
    static let most = 200

    private struct Connection {
        let channel: any Channel
        /// Whether it has sent no complete request since the last response.
        var isIdle = true
        let number: Int
    }

    private var connections: [ObjectIdentifier: Connection] = [:]
    private var count = 0

    /// Adds a connection; false if there is no room.
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

    /// Notes that a connection has sent a request, or was answered.
    func set(_ channel: any Channel, isIdle: Bool) {
        connections[ObjectIdentifier(channel)]?.isIdle = isIdle
    }

    /// Removes a connection that has ended.
    func remove(_ channel: any Channel) { connections[ObjectIdentifier(channel)] = nil }
}
